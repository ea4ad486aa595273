// SPDX-License-Identifier: Apache-2.0
//! sandbox - run untrusted Python from Rust, by the command line of sandbox-runtime; the standard library alone.
//!
//! It builds with rustc 1.63 and later:
//!
//!     rustc --edition 2021 sandbox.rs && ./sandbox 'print(6 * 7)'

use std::env;
use std::fmt;
use std::os::unix::process::CommandExt;
use std::process::{exit, Command, Output, Stdio};

/// What became of the code, told by the exit status of sandbox-runtime.
#[derive(Debug, PartialEq)]
enum Verdict {
    Exit(i32),
    Timeout,
    /// Memory or output passed its limit, or somebody sent SIGKILL; `--json-output` tells them apart.
    Killed,
    Signal(i32),
    /// The sandbox or its settings failed, and the code never ran.
    Refused,
}

impl Verdict {
    fn of(status: i32) -> Verdict {
        match status {
            124 => Verdict::Timeout,
            125..=127 => Verdict::Refused,
            137 => Verdict::Killed,
            129..=192 => Verdict::Signal(status - 128),
            code => Verdict::Exit(code),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Verdict::Exit(code) => write!(f, "ended with {code}"),
            Verdict::Timeout => write!(f, "ran out of time"),
            Verdict::Killed => write!(f, "was killed"),
            Verdict::Signal(number) => write!(f, "was ended by signal {number}"),
            Verdict::Refused => write!(f, "never ran"),
        }
    }
}

/// Run Python code without a network, with a second of time and 128 MiB of memory.
fn run_python(program: &str, code: &str) -> std::io::Result<(Verdict, Output)> {
    let output = Command::new(program)
        // The name that it is called by picks the face, and SANDBOX_RUNTIME_PATH may name any of its links.
        .arg0("sandbox-runtime")
        .args(["exec", "--timeout", "1s", "--memory", "128M", "--no-network", "--", "python3", "-c", code])
        .stdin(Stdio::null())
        .output()?;
    // Without a status a signal has ended sandbox-runtime itself, and the sandbox with it.
    Ok((output.status.code().map_or(Verdict::Killed, Verdict::of), output))
}

fn main() {
    let program = env::var("SANDBOX_RUNTIME_PATH").unwrap_or_else(|_| "sandbox-runtime".to_string());
    let code = env::args().nth(1).unwrap_or_else(|| {
        eprintln!("usage: sandbox CODE");
        exit(2)
    });
    match run_python(&program, &code) {
        Ok((verdict, output)) => {
            print!("{}", String::from_utf8_lossy(&output.stdout));
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
            println!("the code {verdict}");
            exit(if verdict == Verdict::Exit(0) { 0 } else { 1 });
        }
        Err(error) => {
            eprintln!("{program}: {error}");
            exit(125);
        }
    }
}
