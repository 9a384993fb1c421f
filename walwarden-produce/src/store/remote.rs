//! Object stores over HTTP: S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage.

use std::{
    collections::VecDeque,
    env, fmt, fs,
    io::{self, Read, Write},
    sync::Arc,
    time::Duration,
};

use object_store::{
    ClientOptions, Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, RetryConfig,
    WriteMultipart,
    aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, Checksum, S3ConditionalPut},
    azure::{AzureConfigKey, MicrosoftAzureBuilder},
    gcp::{GoogleCloudStorageBuilder, GoogleConfigKey},
    path::Path,
};
use walwarden_core::{
    Time,
    event::{Lock, LockMode},
};

use super::{Listed, Location, NoBucket, Store, Upload, Written, s3};
use crate::{
    config::{StoreConfig, StoreKind},
    error::StorageError,
    http::{self, block_on},
};

/// The least a part of an upload may be; also what is read at once.
const PART: u64 = 8 << 20;
/// S3 takes at most 10,000 parts; what is encrypted is a little longer than what was announced.
const PARTS: u64 = 9_000;
/// Parts on their way at once.
const IN_FLIGHT: usize = 2;
/// How long a request is tried again, unless told.
const RETRY_SECONDS: u64 = 180;
/// How long one request may take, body and all.
const REQUEST: Duration = Duration::from_secs(120);

/// A bucket.
pub struct RemoteStore {
    inner: Arc<dyn ObjectStore>,
    /// What S3 can beyond the others: versions, locks.
    s3: Option<Arc<AmazonS3>>,
    prefix: String,
    location: Location,
    bucket: s3::Bucket,
    retention: Option<(LockMode, u32)>,
}

impl fmt::Debug for RemoteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What the builders hold has credentials in it.
        write!(f, "RemoteStore {:?}", self.location)
    }
}

impl RemoteStore {
    /// Opens a bucket; nothing is asked of it yet. Credentials come from the environment as the provider's own tools
    /// take them, each variable with `env_prefix` before its name where one is configured.
    ///
    /// # Errors
    /// What is configured is no bucket.
    pub fn open(config: &StoreConfig, location: Location) -> Result<Self, StorageError> {
        http::prepare_tls();
        let at = |error: Error| StorageError::at("open the store", location.name.as_str())(to_io(error));
        let bucket = s3::Bucket {
            endpoint: config.endpoint.clone(),
            name: location.bucket.clone(),
            region: config.region.clone().unwrap_or_else(|| "us-east-1".into()),
        };
        let (inner, s3): (Arc<dyn ObjectStore>, _) = match config.kind {
            StoreKind::S3 | StoreKind::Local => {
                let s3 = Arc::new(amazon(config, &bucket)?.build().map_err(at)?);
                (s3.clone(), Some(s3))
            }
            StoreKind::Gcs => (Arc::new(google(config, &bucket.name)?.build().map_err(at)?), None),
            StoreKind::Azure => (Arc::new(azure(config, &bucket.name)?.build().map_err(at)?), None),
        };
        let prefix = config.prefix.as_deref().unwrap_or_default().trim_matches('/').to_owned();
        let mode = config.lock_mode.unwrap_or(LockMode::Governance);
        let retention = config.lock_days.filter(|_| mode != LockMode::None).map(|days| (mode, days));
        Ok(Self { inner, s3, prefix, location, bucket, retention })
    }

    /// The name in the bucket.
    fn full(&self, key: &str) -> String {
        if self.prefix.is_empty() { key.into() } else { format!("{}/{key}", self.prefix) }
    }

    fn path(&self, key: &str) -> Path {
        Path::from(self.full(key))
    }

    /// Our name of what lies in the bucket.
    fn ours<'a>(&self, full: &'a str) -> Option<&'a str> {
        if self.prefix.is_empty() { Some(full) } else { full.strip_prefix(&self.prefix)?.strip_prefix('/') }
    }

    fn at(&self, doing: &'static str, key: &str) -> impl FnOnce(Error) -> StorageError {
        let what = format!("{}/{}", self.location.bucket, self.full(key));
        move |error| StorageError::at(doing, what)(to_io(error))
    }
}

impl Store for RemoteStore {
    fn location(&self) -> &Location {
        &self.location
    }

    fn writer(&self, key: &str, about: u64) -> Result<Box<dyn Upload + '_>, StorageError> {
        let part = PART.max(about / PARTS + 1);
        // Only a whole object can be refused by the store when its name is taken; parts are refused before.
        match block_on(self.inner.head(&self.path(key))) {
            Err(Error::NotFound { .. }) => {}
            Ok(_) => return Err(self.at("store", key)(exists(key))),
            Err(error) => return Err(self.at("store", key)(error)),
        }
        let part = usize::try_from(part).unwrap_or(usize::MAX);
        Ok(Box::new(Uploading { store: self, key: key.into(), part, small: Vec::new(), parts: None }))
    }

    fn reader(&self, key: &str, version: Option<&str>) -> Result<Box<dyn Read + '_>, StorageError> {
        let options = GetOptions { version: version.map(str::to_owned), head: true, ..GetOptions::default() };
        let found = block_on(self.inner.get_opts(&self.path(key), options)).map_err(self.at("read", key))?;
        Ok(Box::new(Downloading {
            store: self,
            path: self.path(key),
            version: version.map(str::to_owned),
            bytes: found.meta.size,
            next: 0,
            chunk: VecDeque::new(),
        }))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StorageError> {
        let ours = |mut listed: Listed| {
            listed.key = self.ours(&listed.key)?.to_owned();
            Some(listed)
        };
        if let Some(s3) = &self.s3 {
            let all = block_on(self.bucket.versions(s3, &self.full(prefix)));
            let what = format!("{}/{}", self.location.bucket, self.full(prefix));
            let all = all.map_err(StorageError::at("list", what))?;
            return Ok(all.into_iter().filter_map(ours).collect());
        }
        let all = block_on(async {
            use futures_util::TryStreamExt as _;
            self.inner.list(None).try_collect::<Vec<_>>().await
        });
        let all = all.map_err(self.at("list", prefix))?;
        let listed = all.into_iter().map(|meta| Listed {
            key: meta.location.to_string(),
            version_id: meta.version,
            bytes: meta.size,
            modified: Time::from_micros(meta.last_modified.timestamp_micros()),
            delete_marker: false,
            latest: true,
        });
        Ok(listed.filter_map(ours).filter(|listed| listed.key.starts_with(prefix)).collect())
    }

    fn delete(&self, key: &str, version: Option<&str>) -> Result<(), StorageError> {
        if let (Some(s3), Some(version)) = (&self.s3, version) {
            let deleted = block_on(self.bucket.delete_version(s3, &self.full(key), version));
            return deleted.map_err(StorageError::at("remove", self.full(key)));
        }
        match block_on(self.inner.delete(&self.path(key))) {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.at("remove", key)(error)),
        }
    }

    fn lock(&self, key: &str, version: Option<&str>) -> Result<Lock, StorageError> {
        let Some(s3) = &self.s3 else { return Ok(super::UNLOCKED) };
        block_on(self.bucket.lock(s3, &self.full(key), version)).map_err(StorageError::at("read", self.full(key)))
    }
}

/// What is written: kept while it is small, sent in parts from then on.
struct Uploading<'a> {
    store: &'a RemoteStore,
    key: String,
    part: usize,
    small: Vec<u8>,
    parts: Option<WriteMultipart>,
}

impl Write for Uploading<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.parts.is_none() {
            self.small.extend_from_slice(bytes);
            if self.small.len() <= self.part {
                return Ok(bytes.len());
            }
            let begun = block_on(self.store.inner.put_multipart(&self.store.path(&self.key))).map_err(to_io)?;
            let mut parts = WriteMultipart::new_with_chunk_size(begun, self.part);
            let small = std::mem::take(&mut self.small);
            // What is full is spawned, which needs the runtime at hand.
            block_on(async { parts.write(&small) });
            self.parts = Some(parts);
            return Ok(bytes.len());
        }
        if let Some(parts) = &mut self.parts {
            block_on(parts.wait_for_capacity(IN_FLIGHT)).map_err(to_io)?;
            block_on(async { parts.write(bytes) });
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Upload for Uploading<'_> {
    fn finish(mut self: Box<Self>) -> Result<Written, StorageError> {
        let store = self.store;
        let put = match self.parts.take() {
            Some(parts) => block_on(parts.finish()),
            None => {
                let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
                let small = std::mem::take(&mut self.small);
                block_on(store.inner.put_opts(&store.path(&self.key), small.into(), options))
            }
        };
        let put = put.map_err(store.at("store", &self.key))?;
        let written = Written { version_id: put.version, etag: put.e_tag };
        if let (Some(s3), Some(retention)) = (&store.s3, store.retention) {
            let key = store.full(&self.key);
            let locked = block_on(store.bucket.retain(s3, &key, written.version_id.as_deref(), retention));
            locked.map_err(StorageError::at("lock", key))?;
        }
        Ok(written)
    }
}

impl Drop for Uploading<'_> {
    fn drop(&mut self) {
        if let Some(parts) = self.parts.take() {
            let _ = block_on(parts.abort());
        }
    }
}

/// What is read: range after range, each asked for again when the line drops.
struct Downloading<'a> {
    store: &'a RemoteStore,
    path: Path,
    version: Option<String>,
    bytes: u64,
    next: u64,
    chunk: VecDeque<u8>,
}

impl Read for Downloading<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.chunk.is_empty() && self.next < self.bytes {
            let end = self.bytes.min(self.next + PART);
            let range = Some(GetRange::Bounded(self.next..end));
            let options = GetOptions { range, version: self.version.clone(), ..GetOptions::default() };
            let got = block_on(async { self.store.inner.get_opts(&self.path, options).await?.bytes().await });
            let got = got.map_err(to_io)?;
            if got.len() as u64 != end - self.next {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the store sent less than it said"));
            }
            self.next = end;
            self.chunk = Vec::from(got).into();
        }
        self.chunk.read(buffer)
    }
}

/// What knows credentials of AWS, for a service that is none of its stores; nothing is asked yet.
///
/// # Errors
/// The file that should hold them cannot be read, or a variable is none.
#[cfg(feature = "kms")]
pub(crate) fn aws(config: &StoreConfig, service: &str) -> Result<AmazonS3, StorageError> {
    http::prepare_tls();
    let region = config.region.clone().unwrap_or_default();
    // A builder needs a bucket; none is ever asked for.
    let bucket = s3::Bucket { endpoint: None, name: service.into(), region };
    amazon(config, &bucket)?.build().map_err(|error| StorageError::at("open", service)(to_io(error)))
}

fn amazon(config: &StoreConfig, bucket: &s3::Bucket) -> Result<AmazonS3Builder, StorageError> {
    let mut builder = AmazonS3Builder::new();
    for (name, value) in variables(config, "AWS_")? {
        if let Ok(key) = name.parse::<AmazonS3ConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    builder = builder
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        // A bucket with object locks takes nothing without one.
        .with_checksum_algorithm(Checksum::SHA256)
        .with_client_options(client(config))
        .with_retry(retry(config));
    Ok(match &bucket.endpoint {
        Some(endpoint) => builder.with_endpoint(endpoint).with_virtual_hosted_style_request(false),
        None => builder,
    })
}

fn google(config: &StoreConfig, bucket: &str) -> Result<GoogleCloudStorageBuilder, StorageError> {
    let mut builder = GoogleCloudStorageBuilder::new();
    for (name, value) in variables(config, "GOOGLE_")? {
        if let Ok(key) = name.parse::<GoogleConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    Ok(builder.with_bucket_name(bucket).with_client_options(client(config)).with_retry(retry(config)))
}

fn azure(config: &StoreConfig, container: &str) -> Result<MicrosoftAzureBuilder, StorageError> {
    let mut builder = MicrosoftAzureBuilder::new();
    for (name, value) in variables(config, "AZURE_")? {
        if let Ok(key) = name.parse::<AzureConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    Ok(builder.with_container_name(container).with_client_options(client(config)).with_retry(retry(config)))
}

/// Variables of a provider, in lower case and without `env_prefix`: of a file, or of the environment.
fn variables(config: &StoreConfig, provider: &str) -> Result<Vec<(String, String)>, StorageError> {
    let all: Vec<(String, String)> = match &config.credentials {
        Some(file) => {
            let text = fs::read_to_string(file).map_err(StorageError::at("read", file))?;
            let pairs = text.lines().filter_map(|line| line.split_once('='));
            pairs.map(|(name, value)| (name.trim().into(), value.trim().into())).collect()
        }
        None => env::vars().collect(),
    };
    let prefix = config.env_prefix.clone().unwrap_or_default();
    let of_provider = |(name, value): (String, String)| {
        let name = name.strip_prefix(&prefix)?;
        name.starts_with(provider).then(|| (name.to_ascii_lowercase(), value))
    };
    Ok(all.into_iter().filter_map(of_provider).collect())
}

fn client(config: &StoreConfig) -> ClientOptions {
    let plain = config.endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    ClientOptions::new().with_allow_http(plain).with_timeout(REQUEST).with_connect_timeout(Duration::from_secs(10))
}

fn retry(config: &StoreConfig) -> RetryConfig {
    RetryConfig {
        retry_timeout: Duration::from_secs(config.retry_seconds.unwrap_or(RETRY_SECONDS)),
        ..RetryConfig::default()
    }
}

fn exists(key: &str) -> Error {
    Error::AlreadyExists { path: key.into(), source: "nothing is overwritten".into() }
}

/// Keeps the kind, which the record and the hints go by, and the first line of what the store said.
fn to_io(error: Error) -> io::Error {
    let said = error.to_string();
    if matches!(error, Error::NotFound { .. }) && NoBucket::is_said(&said) {
        return NoBucket::error();
    }
    let kind = match &error {
        Error::NotFound { .. } => io::ErrorKind::NotFound,
        Error::AlreadyExists { .. } | Error::Precondition { .. } => io::ErrorKind::AlreadyExists,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => io::ErrorKind::PermissionDenied,
        Error::Generic { .. } => io::ErrorKind::ConnectionAborted,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, said.lines().next().unwrap_or_default().chars().take(300).collect::<String>())
}
