//! The pictures of boards and slides: downloading them, and drawing SVG as PNG.

use std::{collections::HashMap, path::PathBuf};

use bytes::Bytes;
use psom_objects::types::EncryptedFile;

use crate::{error::Result, http::client::Http, meeting::download::RemoteFile, renderer};

/// The pictures of a meeting. Those of one board or slide are in memory together.
pub(super) struct Pictures {
    http: Http,
    base: Option<String>,
    by_hash: HashMap<Bytes, Vec<u8>>,
    /// The program that draws.
    renderer: Option<PathBuf>,
}

impl Pictures {
    pub(super) fn new(http: Http, base: Option<String>) -> Self {
        Self { http, base, by_hash: HashMap::new(), renderer: None }
    }

    /// Downloads a file into memory, decrypted and verified.
    pub(super) async fn bytes(&self, file: &EncryptedFile) -> Result<Vec<u8>> {
        RemoteFile::encrypted(self.base.as_deref(), file)?.read(&self.http).await
    }

    /// Downloads the pictures of annotations, and forgets those of other boards.
    pub(super) async fn load(&mut self, files: impl Iterator<Item = &EncryptedFile>) -> Result {
        let mut loaded = HashMap::new();
        for file in files {
            let known = self.by_hash.remove(&file.hash);
            let bytes = match known {
                Some(bytes) => bytes,
                None if loaded.contains_key(&file.hash) => continue,
                None => self.bytes(file).await?,
            };
            loaded.insert(file.hash.clone(), bytes);
        }
        self.by_hash = loaded;
        Ok(())
    }

    /// Returns a picture that was loaded.
    pub(super) fn get(&self, file: &EncryptedFile) -> Option<Vec<u8>> {
        self.by_hash.get(&file.hash).cloned()
    }

    /// Draws an SVG as a PNG, in a process with limits.
    pub(super) async fn png(&mut self, svg: String) -> Result<Vec<u8>> {
        let program = match &self.renderer {
            Some(program) => program.clone(),
            None => self.renderer.insert(renderer::find_installed()?).clone(),
        };
        renderer::png(program, svg).await
    }
}
