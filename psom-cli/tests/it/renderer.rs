//! The program `psom-render` for tests.

use std::{env, path::PathBuf, process::Command, sync::OnceLock};

/// Returns the path of `psom-render`, in the directory of this build's programs. Builds it if it is
/// missing: only the tests of its own package make cargo build it.
pub(crate) fn renderer() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let find = || {
        let test = env::current_exe().unwrap();
        // The test itself is in the directory `deps`.
        let directory = test.ancestors().nth(2).unwrap();
        let program = directory.join(format!("psom-render{}", env::consts::EXE_SUFFIX));
        if !program.is_file() {
            let built = Command::new(env!("CARGO"))
                .args(["build", "-p", "psom-render", "--target-dir"])
                .arg(directory.parent().unwrap())
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .status()
                .unwrap();
            assert!(built.success());
        }
        program
    };
    PROGRAM.get_or_init(find).clone()
}
