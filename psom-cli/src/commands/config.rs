//! The configuration of `psom serve`: a file, environment variables and flags, in this order. A later
//! source overrides an earlier one.

use std::{env, fmt::Write as _, fs, path::Path};

use psom_server::{Options, limits::LIMITS, limits::Limit};
use toml::{Table, Value};

use crate::error::{CommandError, Result};

/// The prefix of the environment variables. The rest of a variable's name is an option or a limit in
/// upper case: `PSOM_LISTEN`, `PSOM_UPLOADS_PER_USER`.
const VARIABLE_PREFIX: &str = "PSOM_";

/// The options of `psom serve` that the file and the environment can set, besides the limits.
const OPTIONS: [&str; 13] = [
    "listen",
    "http",
    "https",
    "cert",
    "key",
    "host",
    "origins",
    "data",
    "files",
    "cluster",
    "entry",
    "durability",
    "strict",
];

/// The values from the file and the environment.
#[derive(Debug, Default)]
pub(super) struct Config {
    options: Table,
    limits: Vec<(&'static Limit, String)>,
}

impl Config {
    /// Reads the file, if one is given, and the environment.
    pub(super) fn read(file: Option<&Path>) -> Result<Self> {
        let mut config = Self::default();
        if let Some(file) = file {
            let failed = |error: String| {
                CommandError::new(format!(
                    "cannot use the configuration {}: {error}",
                    file.display()
                ))
            };
            let text = fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
            config.add_file(&text).map_err(failed)?;
        }
        config.add_variables(|name| env::var(name).ok())?;
        Ok(config)
    }

    fn add_file(&mut self, text: &str) -> Result<(), String> {
        let table: Result<Table, toml::de::Error> = text.parse();
        let mut table = table.map_err(|error| error.to_string())?;
        match table.remove("limits") {
            Some(Value::Table(limits)) => {
                for (name, value) in limits {
                    let limit = Limit::named(&name).map_err(|error| error.to_string())?;
                    let value = match value {
                        Value::String(text) => text,
                        value => value.to_string(),
                    };
                    self.add_limit(limit, value)?;
                }
            }
            Some(_) => return Err("`limits` must be a table; write [limits]".into()),
            None => {}
        }
        if let Some(unknown) = table.keys().find(|name| !OPTIONS.contains(&name.as_str())) {
            return Err(format!(
                "there is no option {unknown:?}; there are {}",
                OPTIONS.join(", ")
            ));
        }
        self.options = table;
        Ok(())
    }

    fn add_variables(&mut self, read: impl Fn(&str) -> Option<String>) -> Result {
        let variable = |name: &str| read(&format!("{VARIABLE_PREFIX}{}", name.to_uppercase()));
        for limit in LIMITS {
            if let Some(value) = variable(limit.name) {
                self.add_limit(limit, value).map_err(CommandError::new)?;
            }
        }
        for name in OPTIONS {
            let Some(value) = variable(name) else { continue };
            let value = match (name, value.as_str()) {
                ("https" | "strict", "1" | "true") => Value::Boolean(true),
                ("https" | "strict", "0" | "false" | "") => Value::Boolean(false),
                ("origins", _) => Value::Array(
                    value.split_whitespace().map(|one| one.to_owned().into()).collect(),
                ),
                _ => Value::String(value),
            };
            self.options.insert(name.into(), value);
        }
        Ok(())
    }

    /// Adds the values of the flag `--limit`.
    pub(super) fn add_flags(&mut self, flags: &[String]) -> Result {
        for flag in flags {
            let invalid = || CommandError::new(format!("write --limit NAME=VALUE, not {flag:?}"));
            let (name, value) = flag.split_once('=').ok_or_else(invalid)?;
            let limit =
                Limit::named(name.trim()).map_err(|error| CommandError::new(error.to_string()))?;
            self.add_limit(limit, value.into()).map_err(CommandError::new)?;
        }
        Ok(())
    }

    fn add_limit(&mut self, limit: &'static Limit, value: String) -> Result<(), String> {
        // Checks the value now, so that the error names its source.
        limit.set(&mut Options::default(), &value).map_err(|error| error.to_string())?;
        self.limits.push((limit, value));
        Ok(())
    }

    /// Returns the value of an option with a text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>> {
        match self.options.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong_type(name, "a text in quotes")),
        }
    }

    /// Returns the value of an option that is on or off.
    pub(super) fn flag(&self, name: &str) -> Result<bool> {
        match self.options.get(name) {
            None => Ok(false),
            Some(Value::Boolean(flag)) => Ok(*flag),
            Some(_) => Err(wrong_type(name, "true or false")),
        }
    }

    /// Returns the value of an option with several texts.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>> {
        let wrong = || wrong_type(name, "a list of texts in quotes");
        match self.options.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(texts)) => {
                let text = |value: &Value| value.as_str().map(Into::into).ok_or_else(wrong);
                texts.iter().map(text).collect()
            }
            Some(_) => Err(wrong()),
        }
    }

    /// Sets the limits in the options of a server.
    pub(super) fn set_limits(&self, options: &mut Options) -> Result {
        for (limit, value) in &self.limits {
            limit.set(options, value).map_err(|error| CommandError::new(error.to_string()))?;
        }
        Ok(())
    }
}

fn wrong_type(name: &str, expected: &str) -> CommandError {
    CommandError::new(format!("the option `{name}` must be {expected}; correct the configuration"))
}

/// Returns the options of a server as a configuration file, with a comment for each limit.
pub(super) fn print(options: &Options, files: Option<&str>) -> String {
    let text = |text: &str| Value::String(text.into()).to_string();
    let mut page = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a string does not fail.
        let _ = writeln!(page, "{name} = {value}");
    };
    line("listen", text(&options.listen));
    line("http", text(&options.http));
    line("https", options.https.to_string());
    if let Some(certificate) = &options.certificate {
        line("cert", text(&certificate.chain.to_string_lossy()));
        line("key", text(&certificate.key.to_string_lossy()));
    }
    if let Some(host) = &options.host {
        line("host", text(host));
    }
    let origins = options.origins.iter().map(|one| Value::String(one.clone())).collect();
    line("origins", Value::Array(origins).to_string());
    line("data", text(&options.data.to_string_lossy()));
    if let Some(files) = files {
        line("files", text(files));
    }
    if let Some(cluster) = &options.cluster {
        line("cluster", text(cluster));
    }
    if let Some(entry) = &options.entry {
        line("entry", text(entry));
    }
    let durability = match options.durability {
        psom_server::Durability::Full => "full",
        psom_server::Durability::Process => "process",
    };
    line("durability", text(durability));
    line("strict", options.strict.to_string());
    page.push_str("\n[limits]\n");
    for limit in LIMITS {
        let value = limit.value(options);
        let value = if value.contains(' ') { text(&value) } else { value };
        let _ = writeln!(page, "# {}\n{} = {value}", limit.help, limit.name);
    }
    page
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn value(options: &Options, name: &str) -> String {
        Limit::named(name).unwrap().value(options)
    }

    #[test]
    fn flag_overrides_variable_and_variable_overrides_file() {
        let mut config = Config::default();
        let file = "listen = \"a:1\"\nhttp = \"b:2\"\nhttps = true\norigins = [\"c\"]\n\
                    [limits]\nusers = 1\nuploads = 2\ncontents = 3\nquota = \"1 GiB\"";
        config.add_file(file).unwrap();
        let variables = |name: &str| match name {
            "PSOM_HTTP" => Some("d:3".into()),
            "PSOM_UPLOADS" => Some("4".into()),
            "PSOM_CONTENTS" => Some("5".into()),
            "PSOM_STRICT" => Some("1".into()),
            _ => None,
        };
        config.add_variables(variables).unwrap();
        config.add_flags(&["contents=6".into(), "idle_timeout=2 min".into()]).unwrap();
        let mut options = Options::default();
        config.set_limits(&mut options).unwrap();
        let names = ["users", "uploads", "contents", "quota", "idle_timeout"];
        assert_eq!(names.map(|name| value(&options, name)), ["1", "4", "6", "1 GiB", "2 min"]);
        assert_eq!(config.text("listen").unwrap().unwrap(), "a:1");
        assert_eq!(config.text("http").unwrap().unwrap(), "d:3");
        assert!(config.flag("https").unwrap() && config.flag("strict").unwrap());
        assert_eq!(config.texts("origins").unwrap(), ["c"]);
    }

    #[test]
    fn printed_configuration_is_a_configuration() {
        let mut options = Options::default();
        Limit::named("users").unwrap().set(&mut options, "17").unwrap();
        let page = print(&options, None);
        let mut config = Config::default();
        config.add_file(&page).unwrap();
        let mut again = Options::default();
        config.set_limits(&mut again).unwrap();
        assert_eq!(print(&again, None), page);
        assert!(page.contains("\nusers = 17\n") && page.contains("\nidle_timeout = \"90 s\"\n"));
    }

    #[test]
    fn mistakes_are_named() {
        let refused = |file: &str| Config::default().add_file(file).unwrap_err();
        assert!(refused("[limits]\nuser = 1").contains("there is no limit \"user\""));
        assert!(refused("[limits]\nusers = \"x\"").contains("the limit users cannot be \"x\""));
        assert!(refused("port = 1").contains("there is no option \"port\""));
        assert!(refused("limits = 1").contains("must be a table"));
        assert!(refused("listen = ").contains("line 1"));
        let mut config = Config::default();
        assert!(config.add_flags(&["users".into()]).is_err());
        config.add_file("https = 1").unwrap();
        assert!(config.flag("https").is_err());
    }
}
