//! What cargo knows about this workspace.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::shell::{self, Failure, Result};

pub struct Workspace {
    pub root: PathBuf,
    pub target: PathBuf,
    pub packages: Vec<Package>,
}

pub struct Package {
    pub name: String,
    pub version: String,
    /// Folder of its manifest.
    pub folder: PathBuf,
    pub published: bool,
    pub description: Option<String>,
    pub license: Option<String>,
    pub readme: Option<String>,
    pub keywords: Vec<String>,
    pub categories: Vec<String>,
    /// Names of everything it depends on, for building, running or testing.
    pub dependencies: Vec<String>,
    pub targets: Vec<Target>,
}

pub struct Target {
    pub name: String,
    /// `lib`, `bin`, `example`, `test`, `bench` or `custom-build`.
    pub kind: String,
    pub source: PathBuf,
}

impl Workspace {
    pub fn load() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .ok_or_else(|| Failure::new("xtask lies outside the workspace"))?;
        let mut command = shell::cargo(["metadata", "--format-version=1", "--no-deps", "--locked"]);
        let text = shell::read(command.current_dir(root))?;
        let metadata: Value = serde_json::from_str(&text)
            .map_err(|e| Failure::new(format!("cargo metadata wrote no JSON: {e}")))?;
        Ok(Self {
            root: root.to_owned(),
            target: PathBuf::from(string(&metadata["target_directory"])),
            packages: list(&metadata["packages"]).iter().map(package).collect(),
        })
    }

    /// The packages that go to a registry.
    pub fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|p| p.published)
    }

    /// `--workspace` without the packages that are for development only.
    pub fn published_selection(&self) -> Vec<String> {
        let mut selection = vec!["--workspace".to_owned()];
        for package in self.packages.iter().filter(|p| !p.published) {
            selection.extend(["--exclude".to_owned(), package.name.clone()]);
        }
        selection
    }

    /// An empty folder in the target folder; what a failed step left there can be looked at.
    pub fn fresh_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.target.join("xtask").join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(shell::file_failure(&folder, "empty"))?;
        }
        std::fs::create_dir_all(&folder).map_err(shell::file_failure(&folder, "create"))?;
        Ok(folder)
    }

    /// A path as seen from the root, with `/` between its parts.
    pub fn relative(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        path.to_string_lossy().replace('\\', "/")
    }
}

fn package(p: &Value) -> Package {
    let manifest = PathBuf::from(string(&p["manifest_path"]));
    Package {
        name: string(&p["name"]),
        version: string(&p["version"]),
        folder: manifest.parent().map(Path::to_owned).unwrap_or_default(),
        published: p["publish"].as_array().is_none_or(|to| !to.is_empty()),
        description: text(&p["description"]),
        license: text(&p["license"]),
        readme: text(&p["readme"]),
        keywords: list(&p["keywords"]).iter().map(string).collect(),
        categories: list(&p["categories"]).iter().map(string).collect(),
        dependencies: list(&p["dependencies"])
            .iter()
            .map(|d| string(&d["name"]))
            .collect(),
        targets: list(&p["targets"])
            .iter()
            .map(|t| Target {
                name: string(&t["name"]),
                kind: string(&t["kind"][0]),
                source: PathBuf::from(string(&t["src_path"])),
            })
            .collect(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
