//! The commands of `--print-curl` are those of a shell.

use std::process::Command;

use super::Person;

#[test]
fn a_shell_reads_the_commands_of_each_step() {
    let person = Person::with(&[]);
    for step in [
        "login-source",
        "refresh-session",
        "service-auth",
        "create",
        "import",
        "plc-sign",
        "plc-submit",
    ] {
        let run = person.does(step, &["--print-curl", "--folder", "it's here"]);
        let read = Command::new("bash")
            .args(["-n", "-c", &run.stdout])
            .output()
            .unwrap();
        assert!(
            read.status.success(),
            "{step}: {}",
            String::from_utf8_lossy(&read.stderr)
        );
    }
}
