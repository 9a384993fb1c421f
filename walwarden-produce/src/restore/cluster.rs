//! A throwaway PostgreSQL cluster: made, used, removed.
//!
//! It lives in a folder of mode 0700 that only its user can enter, listens on a Unix socket in there and on nothing
//! else, and knows nothing of this process's `PG*` variables. It stops and is removed when dropped; when this process is
//! killed the kernel stops the server (`setpriv --pdeathsig`), and the folder stays.

use std::{
    env, fs, io,
    os::unix::{
        fs::{DirBuilderExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::postgres::{Connection, Program, ToolError, Tools, connection::pg_variables, conninfo::quoted};

/// The superuser that `initdb` makes.
const SUPERUSER: &str = "postgres";
/// Only part of the socket's name: nothing listens on a port.
const PORT: &str = "5432";
/// How long a server may take to start.
const START: Duration = Duration::from_secs(60);
/// A socket's path must fit into 107 bytes.
const SOCKET_FOLDER_BYTES: usize = 80;

/// What kind of cluster is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClusterRequest<'a> {
    /// Where PostgreSQL's programs are; else the installed ones are searched.
    pub bin_dir: Option<&'a Path>,
    /// As root: the user to run the server as; `postgres` by default.
    pub run_as: Option<&'a str>,
    /// The source's major version, taken where it is installed, else the nearest newer one.
    pub server_major: Option<u32>,
    /// What tells its folder from others, so that [`remove_left`] finds it after a kill.
    pub name: Option<&'a str>,
    /// Further lines for `postgresql.conf`.
    pub settings: &'a [(&'a str, &'a str)],
}

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    server: Child,
    /// Client programs of the folder that was asked for; otherwise the installed ones.
    clients: Tools,
    removed: bool,
}

/// The files of a cluster whose server does not run yet; any thread may make them. Dropped, they are removed.
#[derive(Debug)]
pub struct Prepared {
    folder: Folder,
    tools: Tools,
    clients: Tools,
    user: Option<User>,
}

/// A folder that goes when it is dropped, unless it was kept.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

impl Prepared {
    /// Makes the folder, its data and its settings.
    ///
    /// # Errors
    /// [`ClusterError`]; nothing is left behind.
    pub fn new(request: &ClusterRequest<'_>) -> Result<Self, ClusterError> {
        let tools = tools(request)?;
        let user = user(request.run_as)?;
        let folder = Folder(folder(user, request.name)?);
        initdb(&tools, &folder.0, user)?;
        configure(&folder.0, request.settings).map_err(ClusterError::Folder)?;
        let clients = request.bin_dir.filter(|folder| folder.join(Program::PgRestore.name()).is_file());
        Ok(Self { folder, tools, clients: Tools { bin_dir: clients.map(Path::to_path_buf) }, user })
    }

    /// Starts the server and waits until it answers; from which thread, see [`Cluster::start`].
    ///
    /// # Errors
    /// [`ClusterError`]; nothing is left behind.
    pub fn start(self) -> Result<Cluster, ClusterError> {
        let server = serve(&self.tools, &self.folder.0, self.user)?;
        let mut cluster = Cluster { folder: self.folder.keep(), server, clients: self.clients, removed: false };
        cluster.wait()?;
        Ok(cluster)
    }
}

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// A program is missing.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// As root there must be another user.
    #[error("PostgreSQL refuses to run as root, and there is no user {0} to run it as")]
    NoUser(String),
    /// Only root can become somebody else.
    #[error("only root can run the server as {0}")]
    NotRoot(String),
    /// The folder cannot be made or handed over.
    #[error("the folder for a throwaway cluster cannot be made: {0}")]
    Folder(io::Error),
    /// A program failed.
    #[error("{program} failed: {said}")]
    Failed {
        /// Which.
        program: Program,
        /// The first line of its complaint.
        said: String,
    },
}

impl ClusterError {
    /// A stable word for the record.
    #[must_use]
    pub const fn reason_code(&self) -> &'static str {
        match self {
            Self::Tool(error) => error.reason_code(),
            Self::NoUser(_) => "no-user-for-server",
            Self::NotRoot(_) => "not-root",
            Self::Folder(_) => "cluster-folder",
            Self::Failed { .. } => "cluster-failed",
        }
    }
}

impl Cluster {
    /// Makes a cluster and waits until it answers. Start it from a thread that lives as long as the cluster: the kernel's
    /// signal comes when that thread ends.
    ///
    /// # Errors
    /// [`ClusterError`]; nothing is left behind.
    pub fn start(request: &ClusterRequest<'_>) -> Result<Self, ClusterError> {
        Prepared::new(request)?.start()
    }

    /// A connection to one of its databases, as superuser.
    #[must_use]
    pub fn connection(&self, database: &str) -> Connection {
        let host = self.folder.to_string_lossy();
        let text = format!("host={} port={PORT} user={SUPERUSER} dbname={}", quoted(&host), quoted(database));
        Connection::local(&text, self.clients.clone())
    }

    /// Its folder, which only its user and root can enter.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Stops the server and removes everything. Dropping does the same and tells nobody.
    ///
    /// # Errors
    /// When the folder cannot be removed.
    pub fn remove(mut self) -> io::Result<()> {
        self.tear_down()
    }

    fn wait(&mut self) -> Result<(), ClusterError> {
        let began = Instant::now();
        let pid_file = self.folder.join("data/postmaster.pid");
        loop {
            // Its eighth line says "ready" when connections are accepted.
            let ready = fs::read_to_string(&pid_file)
                .is_ok_and(|text| text.lines().nth(7).is_some_and(|line| line.trim() == "ready"));
            if ready {
                return Ok(());
            }
            if matches!(self.server.try_wait(), Ok(Some(_)) | Err(_)) || began.elapsed() > START {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                let said =
                    log.lines().find(|line| line.contains("FATAL")).or(log.lines().last()).unwrap_or("no reason");
                return Err(ClusterError::Failed { program: Program::Postgres, said: said.to_owned() });
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn tear_down(&mut self) -> io::Result<()> {
        if self.removed {
            return Ok(());
        }
        self.removed = true;
        self.stop();
        fs::remove_dir_all(&self.folder)
    }

    /// An immediate shutdown: nothing in here is kept. After SIGKILL, all that std can send, its children would linger.
    fn stop(&mut self) {
        let pid = i32::try_from(self.server.id()).ok().and_then(Pid::from_raw);
        let asked = pid.is_some_and(|pid| kill_process(pid, Signal::QUIT).is_ok());
        let began = Instant::now();
        while asked && began.elapsed() < Duration::from_secs(10) {
            if matches!(self.server.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.tear_down();
    }
}

/// A user as `/etc/passwd` has it.
#[derive(Debug, Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

/// Programs of the wanted version, all from one folder.
fn tools(request: &ClusterRequest<'_>) -> Result<Tools, ToolError> {
    let given = Tools { bin_dir: request.bin_dir.map(Path::to_path_buf) };
    let postgres = match request.server_major {
        Some(major) => given.find_for_major(Program::Postgres, major)?,
        None => given.find(Program::Postgres)?,
    };
    let tools = Tools { bin_dir: postgres.parent().map(Path::to_path_buf) };
    tools.find(Program::Initdb)?;
    Ok(tools)
}

/// Whom to run the server as: `None` for ourselves.
fn user(run_as: Option<&str>) -> Result<Option<User>, ClusterError> {
    match (geteuid().is_root(), run_as) {
        (false, None) => Ok(None),
        (false, Some(name)) => Err(ClusterError::NotRoot(name.into())),
        (true, name) => {
            let name = name.unwrap_or(SUPERUSER);
            let users = fs::read_to_string("/etc/passwd").map_err(ClusterError::Folder)?;
            let found = users.lines().find_map(|line| entry(line, name)).filter(|user| user.uid != 0);
            found.map(Some).ok_or_else(|| ClusterError::NoUser(name.into()))
        }
    }
}

fn entry(line: &str, name: &str) -> Option<User> {
    let mut fields = line.split(':');
    if fields.next()? != name {
        return None;
    }
    let (_, uid, gid) = (fields.next()?, fields.next()?, fields.next()?);
    Some(User { uid: uid.parse().ok()?, gid: gid.parse().ok()? })
}

/// A new folder of mode 0700 under the folder for temporary files.
fn folder(user: Option<User>, name: Option<&str>) -> Result<PathBuf, ClusterError> {
    for count in 0..1000 {
        let folder = match name {
            Some(name) => named(name),
            None => base().join(format!("walwarden-{}-{count}", std::process::id())),
        };
        // create() fails where the name is taken, so nobody can have prepared the folder for us.
        let made = fs::DirBuilder::new().mode(0o700).create(&folder).and_then(|()| match user {
            Some(user) => chown(&folder, Some(user.uid), Some(user.gid)),
            None => Ok(()),
        });
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && name.is_none() => {}
            made => return made.map(|()| folder).map_err(ClusterError::Folder),
        }
    }
    Err(ClusterError::Folder(io::ErrorKind::AlreadyExists.into()))
}

/// Where clusters lie: a socket's path must stay short.
fn base() -> PathBuf {
    let long = |base: &PathBuf| base.as_os_str().len() > SOCKET_FOLDER_BYTES - 40;
    Some(env::temp_dir()).filter(|base| !long(base)).unwrap_or_else(|| "/tmp".into())
}

fn named(name: &str) -> PathBuf {
    base().join(format!("walwarden-{}", name.to_ascii_lowercase()))
}

/// Removes the folder of a named cluster whose process was killed; the kernel has stopped its server by then.
///
/// # Errors
/// It cannot be removed.
pub fn remove_left(name: &str) -> io::Result<()> {
    match fs::remove_dir_all(named(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A program run as the cluster's user, in its folder, without this process's `PG*` variables.
fn command(program: &Path, folder: &Path, user: Option<User>) -> Command {
    let mut command = Command::new(program);
    for name in pg_variables() {
        command.env_remove(name);
    }
    command.current_dir(folder).env("HOME", folder).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    if let Some(user) = user {
        // std drops root's supplementary groups when a user is set.
        command.uid(user.uid).gid(user.gid);
    }
    command
}

/// Makes the data folder. Where the system has no locale `C.UTF-8`, `C` sorts the same.
fn initdb(tools: &Tools, folder: &Path, user: Option<User>) -> Result<(), ClusterError> {
    let mut said = String::new();
    for locale in ["C.UTF-8", "C"] {
        let mut command = command(&tools.find(Program::Initdb)?, folder, user);
        command.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--lc-monetary=C"]);
        command.arg(format!("--locale={locale}")).arg(format!("--username={SUPERUSER}"));
        let output = command.arg("--pgdata").arg(folder.join("data")).output().map_err(ClusterError::Folder)?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        said =
            text.lines().find(|line| line.contains("error")).or(text.lines().last()).unwrap_or("no reason").to_owned();
        if !text.contains("invalid locale") {
            break;
        }
    }
    Err(ClusterError::Failed { program: Program::Initdb, said })
}

/// Settings for a server whose data may be lost, and which nobody else may reach.
fn configure(folder: &Path, further: &[(&str, &str)]) -> io::Result<()> {
    let socket = folder.to_string_lossy().into_owned();
    let ours = [
        ("listen_addresses", ""),
        ("unix_socket_directories", socket.as_str()),
        ("unix_socket_permissions", "0700"),
        ("port", PORT),
        ("fsync", "off"),
        ("synchronous_commit", "off"),
        ("full_page_writes", "off"),
        ("wal_level", "minimal"),
        ("max_wal_senders", "0"),
        ("max_wal_size", "4GB"),
        ("shared_buffers", "128MB"),
        ("autovacuum", "off"),
        ("max_locks_per_transaction", "512"),
        ("lc_messages", "C"),
    ];
    let line = |(name, value): &(&str, &str)| format!("{name} = '{}'\n", value.replace('\'', "''"));
    let text: String = ours.iter().chain(further).map(line).collect();
    let path = folder.join("data/postgresql.conf");
    let mut whole = fs::read_to_string(&path)?;
    whole.push_str(&text);
    // Written in place: the file stays its user's.
    fs::write(path, whole)
}

fn serve(tools: &Tools, folder: &Path, user: Option<User>) -> Result<Child, ClusterError> {
    let postgres = tools.find(Program::Postgres)?;
    let setpriv = Path::new("/usr/bin/setpriv");
    let mut command = if setpriv.is_file() {
        let mut command = command(setpriv, folder, user);
        command.args(["--pdeathsig", "QUIT", "--"]).arg(postgres);
        command
    } else {
        command(&postgres, folder, user)
    };
    let log = fs::File::create(folder.join("log")).map_err(ClusterError::Folder)?;
    let for_stderr = log.try_clone().map_err(ClusterError::Folder)?;
    command.arg("-D").arg(folder.join("data")).stdout(log).stderr(for_stderr);
    // Ctrl-C is for us: we stop the server ourselves.
    command.process_group(0);
    command.spawn().map_err(ClusterError::Folder)
}
