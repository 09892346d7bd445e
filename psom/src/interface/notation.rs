use std::fmt;

use super::InterfaceDesc;

/// Prints both halves of an object in the notation of section 3.1.4.1.1, for one version.
#[derive(Debug, Clone, Copy)]
pub struct Notation {
    /// The half that the server serves.
    pub server: &'static InterfaceDesc,
    /// The half that the client serves.
    pub client: &'static InterfaceDesc,
    /// The version to print.
    pub version: i32,
}

impl fmt::Display for Notation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, version) = (self.server.name, self.version);
        writeln!(f, "[Name=\"{name}\", Version={version}]")?;
        writeln!(f, "DOInterface {} {{", self.server.short_name())?;
        self.half(f, "ServerInterface", self.server)?;
        self.half(f, "ClientInterface", self.client)?;
        writeln!(f, "}}")
    }
}

impl Notation {
    fn half(
        &self,
        f: &mut fmt::Formatter<'_>,
        title: &str,
        interface: &InterfaceDesc,
    ) -> fmt::Result {
        if let Some(hash) = interface.hash(self.version) {
            writeln!(f, "    [Hash={hash}]")?;
        }
        writeln!(f, "    {title} {{")?;
        for method in interface.methods.iter().filter(|method| method.since <= self.version) {
            let params = method.params.iter().map(|param| format!("{} {}", param.kind, param.name));
            let params = params.collect::<Vec<_>>().join(", ");
            writeln!(f, "        void {}({params});", method.name)?;
        }
        writeln!(f, "    }}")
    }
}
