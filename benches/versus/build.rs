//! Generates the code of Cap'n Proto's interface, with the program `capnp`.

fn main() {
    println!("cargo::rerun-if-changed=schema/echo.capnp");
    #[cfg(feature = "capnp")]
    capnpc::CompilerCommand::new()
        .src_prefix("schema")
        .file("schema/echo.capnp")
        .default_parent_module(vec!["capnp".to_owned()])
        .run()
        .expect("the program capnp generates the code (Debian: apt-get install capnproto)");
}
