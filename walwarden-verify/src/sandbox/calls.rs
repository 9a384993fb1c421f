//! Seccomp: which system calls may be made.
//!
//! Two filters, of which the stricter answer counts. What would reach beyond this process ends it, so that a fault or a
//! break-in is seen and never yields a verdict. Of the rest, what the program has no use for fails as "not implemented":
//! libraries try newer calls and go on with older ones.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp as Op, SeccompCondition as Condition,
    SeccompFilter, SeccompRule as Rule, apply_filter_all_threads,
};

use super::Part;

/// Restricts all threads.
pub(super) fn restrict() -> Part {
    let [deadly, allowed] = match filters(std::env::consts::ARCH, std::process::id()) {
        Ok(filters) => filters,
        Err(Error::Backend(_)) => {
            return Part::Refused(format!("there is no filter for {}", std::env::consts::ARCH));
        }
        Err(error) => return Part::Refused(error.to_string()),
    };
    if let Err(error) = apply_filter_all_threads(&deadly) {
        return Part::Refused(error.to_string());
    }
    match apply_filter_all_threads(&allowed) {
        Ok(()) => Part::InForce(format!("{} system calls, {WITHOUT}", ALLOWED.len())),
        Err(error) => Part::InForce(format!("{WITHOUT}; other system calls are free: {error}")),
    }
}

const WITHOUT: &str = "no sockets, no new programs or processes";

/// The filter that ends the process, and the one that allows.
fn filters(arch: &str, process: u32) -> Result<[BpfProgram; 2], Error> {
    let arch = arch.try_into().map_err(Error::Backend)?;
    let compiled = |rules: BTreeMap<i64, Vec<Rule>>, otherwise: SeccompAction, then: SeccompAction| {
        let filter = SeccompFilter::new(rules, otherwise, then, arch).map_err(Error::Backend)?;
        BpfProgram::try_from(filter).map_err(Error::Backend)
    };
    let when = |argument: u8, width: Width, op: Op, value: u64| {
        let condition = Condition::new(argument, width, op, value).map_err(Error::Backend)?;
        Rule::new(vec![condition]).map_err(Error::Backend)
    };

    let mut deadly: BTreeMap<i64, Vec<Rule>> = DEADLY.iter().map(|call| (*call, Vec::new())).collect();
    let thread = libc::CLONE_THREAD as u64;
    deadly.insert(libc::SYS_clone, vec![when(0, Width::Qword, Op::MaskedEq(thread), 0)?]);

    let mut allowed: BTreeMap<i64, Vec<Rule>> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    // A terminal is asked what it is, and never told anything: TIOCSTI would type for its user.
    let asks = TERMINAL.iter().map(|request| when(1, Width::Dword, Op::Eq, u64::from(*request)));
    allowed.insert(libc::SYS_ioctl, asks.collect::<Result<_, _>>()?);
    // `abort` signals its own process, nobody else's.
    allowed.insert(libc::SYS_tgkill, vec![when(0, Width::Dword, Op::Eq, u64::from(process))?]);
    allowed.insert(libc::SYS_prlimit64, vec![when(0, Width::Dword, Op::Eq, 0)?]);

    let not_implemented = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    Ok([
        compiled(deadly, SeccompAction::Allow, SeccompAction::KillProcess)?,
        compiled(allowed, not_implemented, SeccompAction::Allow)?,
    ])
}

/// What a terminal may be asked: its settings (two spellings) and its size.
const TERMINAL: [u32; 3] = [0x5401, 0x802C_542A, 0x5413];

/// Sockets, programs, processes, other processes, the kernel itself. `clone` is here too unless it makes a thread.
const DEADLY: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_execve,
    libc::SYS_execveat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_pidfd_getfd,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_open_by_handle_at,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
];

/// What judging and writing reports takes, by glibc and by musl. `ioctl`, `tgkill` and `prlimit64` only as above.
const ALLOWED: &[i64] = &[
    // Files.
    libc::SYS_openat,
    libc::SYS_close,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_getdents64,
    libc::SYS_getcwd,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_fcntl,
    libc::SYS_ioctl,
    libc::SYS_fadvise64,
    libc::SYS_ftruncate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_renameat2,
    libc::SYS_unlinkat,
    libc::SYS_ppoll,
    // Memory.
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    // Threads and signals.
    libc::SYS_clone,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_get_robust_list,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_prctl,
    libc::SYS_prlimit64,
    libc::SYS_tgkill,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // Time and randomness (of hash tables).
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_getrandom,
    // Older spellings, which newer processors do not have.
    #[cfg(target_arch = "aarch64")]
    38, // renameat, which `libc` does not name there
    #[cfg(target_arch = "x86_64")]
    libc::SYS_renameat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_gettimeofday,
];

#[cfg(test)]
mod tests;
