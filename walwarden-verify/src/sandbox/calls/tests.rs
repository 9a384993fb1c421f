//! The filters, run as the kernel would.

use seccompiler::BpfProgramRef;

use super::*;

const KILL: u32 = 0x8000_0000;
const ERRNO: u32 = 0x0005_0000;
const ALLOW: u32 = 0x7FFF_0000;
const X86_64: u32 = 0xC000_003E;
const PROCESS: u32 = 4711;

/// Runs a filter over one system call.
fn run(program: BpfProgramRef<'_>, arch: u32, call: u32, arguments: [u64; 6]) -> u32 {
    let mut data = [call.to_le_bytes(), arch.to_le_bytes(), [0; 4], [0; 4]].concat();
    data.extend(arguments.iter().flat_map(|argument| argument.to_le_bytes()));
    let (mut at, mut held) = (0, 0_u32);
    loop {
        let step = &program[at];
        let jump = |taken| usize::from(if taken { step.jt } else { step.jf });
        at += 1;
        match step.code {
            0x20 => {
                let from = usize::try_from(step.k).unwrap();
                held = u32::from_le_bytes(data[from..from + 4].try_into().unwrap());
            }
            0x54 => held &= step.k,
            0x05 => at += usize::try_from(step.k).unwrap(),
            0x15 => at += jump(held == step.k),
            0x25 => at += jump(held > step.k),
            0x35 => at += jump(held >= step.k),
            0x06 => return step.k,
            other => panic!("an instruction that the test does not know: {other:#x}"),
        }
    }
}

/// What both filters together answer: the stricter of the two.
fn answer(arch: u32, call: u32, arguments: [u64; 6]) -> u32 {
    let [deadly, allowed] = filters("x86_64", PROCESS).unwrap();
    let answers = [run(&deadly, arch, call, arguments), run(&allowed, arch, call, arguments)];
    answers.into_iter().min_by_key(|answer| answer.cast_signed()).unwrap()
}

fn of(call: i64, arguments: [u64; 6]) -> u32 {
    answer(X86_64, u32::try_from(call).unwrap(), arguments)
}

#[test]
#[cfg(target_arch = "x86_64")]
fn every_call_is_deadly_allowed_or_not_implemented() {
    let not_implemented = ERRNO | libc::ENOSYS.unsigned_abs();
    let mut counts = [0; 3];
    for call in 0..1024 {
        let answer = answer(X86_64, call, [0; 6]);
        let by_argument = [libc::SYS_ioctl, libc::SYS_tgkill, libc::SYS_clone].contains(&i64::from(call));
        let expected = match i64::from(call) {
            call if DEADLY.contains(&call) => KILL,
            call if ALLOWED.contains(&call) => ALLOW,
            _ => not_implemented,
        };
        assert!(by_argument || answer == expected, "{call}: {answer:#x}");
        let place = [KILL, ALLOW, not_implemented].iter().position(|known| *known == answer);
        counts[place.unwrap_or_else(|| panic!("{call}: {answer:#x}"))] += 1;
    }
    assert!(DEADLY.iter().all(|call| !ALLOWED.contains(call)));
    let (deadly, allowed) = (DEADLY.len() + 1, ALLOWED.len() - 3);
    assert_eq!(counts, [deadly, allowed, 1024 - deadly - allowed]);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn arguments_decide_where_they_must() {
    let first = |value: u64| [value, 0, 0, 0, 0, 0];
    let second = |value: u64| [0, value, 0, 0, 0, 0];
    let thread = u64::try_from(libc::CLONE_THREAD | libc::CLONE_VM).unwrap();
    let vfork = u64::try_from(libc::CLONE_VFORK | libc::CLONE_VM | libc::SIGCHLD).unwrap();
    assert_eq!(of(libc::SYS_clone, first(thread)), ALLOW);
    assert_eq!(of(libc::SYS_clone, first(vfork)), KILL);
    assert_eq!(of(libc::SYS_clone3, [0; 6]) & ERRNO, ERRNO, "its flags lie in memory; libraries go on with clone");
    for asks in TERMINAL {
        assert_eq!(of(libc::SYS_ioctl, second(asks.into())), ALLOW);
    }
    assert_eq!(of(libc::SYS_ioctl, second(libc::TIOCSTI)) & ERRNO, ERRNO, "nobody types for the user");
    assert_eq!(of(libc::SYS_tgkill, first(PROCESS.into())), ALLOW);
    assert_eq!(of(libc::SYS_tgkill, first(1)) & ERRNO, ERRNO);
    assert_eq!(of(libc::SYS_prlimit64, first(1)) & ERRNO, ERRNO);
}

#[test]
fn another_processors_numbers_are_no_way_round() {
    let i386 = 0x4000_0003;
    assert_eq!(answer(i386, 1, [0; 6]), KILL, "a 32-bit call in a 64-bit program");
    let x32 = 0x4000_0000 | 41;
    assert_eq!(answer(X86_64, x32, [0; 6]) & ERRNO, ERRNO, "socket by its x32 number");
}

#[test]
fn processors_without_a_filter_are_said_to_have_none() {
    assert!(filters("s390x", PROCESS).is_err());
    assert!(filters("aarch64", PROCESS).is_ok() && filters("riscv64", PROCESS).is_ok());
}
