//! A folder for compiled runtimes, so that only the first start has to compile.
//!
//! The executor's engine keeps machine code there and loads it without a check of its own. So what is in the folder
//! is compared to a list of digests before the engine sees it, and removed where it differs. Whatever is wrong with
//! the folder costs time, and nothing else.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// Names another folder than the default.
const VARIABLE: &str = "SALUS_NODE_CACHE";
/// Where the engine keeps its modules, below the folder.
const MODULES: &str = "wasmtime/modules";
/// The list of digests: a line of sha256 and path for each module.
const LIST: &str = "modules.sha256";

/// A folder for one runtime's machine code.
#[derive(Debug, Clone)]
pub struct WasmCache {
    folder: PathBuf,
}

impl WasmCache {
    /// The folder for this runtime, with nothing in it but what was recorded.
    pub fn open(runtime: &[u8]) -> Option<Self> {
        let digest = hex::encode(&sp_core::hashing::sha2_256(runtime)[..16]);
        let cache = Self { folder: root()?.join(digest) };
        match cache.prepare() {
            Ok(()) => Some(cache),
            Err(error) => {
                log::warn!("no cache for compiled runtimes in {}: {error}", cache.folder.display());
                None
            }
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Records what the engine has put into the folder. Called once the runtime is compiled.
    pub fn record(&self) {
        if let Err(error) = self.write_list() {
            log::debug!("compiled runtime not recorded: {error}");
        }
    }

    fn prepare(&self) -> io::Result<()> {
        // Machine code: nobody else has business there.
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let recorded = self.read_list();
        for path in self.modules()? {
            let unchanged = digest(&path).is_ok_and(|digest| recorded.get(&self.name(&path)) == Some(&digest));
            if !unchanged {
                log::debug!("compiled runtime {} is not as recorded", path.display());
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }

    fn read_list(&self) -> BTreeMap<String, String> {
        let list = fs::read_to_string(self.folder.join(LIST)).unwrap_or_default();
        list.lines()
            .filter_map(|line| line.split_once("  "))
            .map(|(digest, name)| (name.into(), digest.into()))
            .collect()
    }

    fn write_list(&self) -> io::Result<()> {
        let mut list = String::new();
        for path in self.modules()? {
            list.push_str(&format!("{}  {}\n", digest(&path)?, self.name(&path)));
        }
        if fs::read_to_string(self.folder.join(LIST)).is_ok_and(|present| present == list) {
            return Ok(());
        }
        // Written aside and renamed: another node may be reading.
        let aside = self.folder.join(format!("{LIST}.{}", std::process::id()));
        fs::write(&aside, list)?;
        fs::rename(&aside, self.folder.join(LIST))
    }

    /// The module files, in order. The engine's usage statistics beside them are not code.
    fn modules(&self) -> io::Result<Vec<PathBuf>> {
        let mut modules = Vec::new();
        let root = self.folder.join(MODULES);
        if !root.try_exists()? {
            return Ok(modules);
        }
        for engine in fs::read_dir(root)? {
            let engine = engine?;
            if !engine.file_type()?.is_dir() {
                continue;
            }
            for file in fs::read_dir(engine.path())? {
                let path = file?.path();
                if path.extension().is_none_or(|extension| extension != "stats") {
                    modules.push(path);
                }
            }
        }
        modules.sort();
        Ok(modules)
    }

    fn name(&self, path: &Path) -> String {
        path.strip_prefix(&self.folder).unwrap_or(path).display().to_string()
    }
}

fn root() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set(VARIABLE).or_else(|| set("HOME").map(|home| home.join(".cache/salus/node-wasm")))?;
    std::path::absolute(folder).ok()
}

fn digest(path: &Path) -> io::Result<String> {
    Ok(hex::encode(sp_core::hashing::sha2_256(&fs::read(path)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache_with_a_module(name: &str) -> (WasmCache, PathBuf) {
        let folder = std::env::temp_dir().join(format!("salus-node-{name}-{}", std::process::id()));
        let cache = WasmCache { folder };
        let module = cache.folder.join(MODULES).join("engine-1/module");
        fs::create_dir_all(module.parent().expect("has one")).expect("a temporary folder");
        fs::write(&module, b"machine code").expect("a temporary file");
        (cache, module)
    }

    #[test]
    fn a_recorded_module_stays() {
        let (cache, module) = cache_with_a_module("recorded");
        cache.record();
        cache.prepare().expect("prepared");
        assert!(module.exists());
        fs::remove_dir_all(&cache.folder).expect("removed");
    }

    #[test]
    fn a_changed_module_goes() {
        let (cache, module) = cache_with_a_module("changed");
        cache.record();
        fs::write(&module, b"machine c0de").expect("written");
        cache.prepare().expect("prepared");
        assert!(!module.exists());
        fs::remove_dir_all(&cache.folder).expect("removed");
    }

    #[test]
    fn an_unrecorded_module_goes() {
        let (cache, module) = cache_with_a_module("unrecorded");
        cache.prepare().expect("prepared");
        assert!(!module.exists());
        fs::remove_dir_all(&cache.folder).expect("removed");
    }
}
