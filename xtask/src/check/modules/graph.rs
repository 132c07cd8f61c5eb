//! Circles among the modules of each folder.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;

use super::resolve::definition;
use super::tree::Tree;

/// The name of a folder's own file (`mod.rs`, `lib.rs`, `main.rs`) among the modules of
/// the folder.
const OWN_FILE: &str = "";

/// An import: its file and line, and the imported module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    pub(super) file: PathBuf,
    pub(super) line: usize,
    pub(super) path: String,
}

/// The imports between the modules of a folder, with their places.
type Imports = BTreeMap<(String, String), BTreeSet<Import>>;

/// A circle of modules, each of which imports the next one.
#[derive(Debug)]
pub(super) struct Circle {
    /// The folder's path in the crate.
    pub(super) folder: Vec<String>,
    /// The importing module, the imported one, and the places.
    pub(super) links: Vec<(String, String, BTreeSet<Import>)>,
}

/// All circles of a crate. No two of them share a link: of circles that share one, only
/// a shortest one is returned, and the others appear once that is mended.
pub(super) fn circles(tree: &Tree) -> Vec<Circle> {
    let mut circles = Vec::new();
    for (folder, mut imports) in imports(tree) {
        while let Some(circle) = shortest(&imports) {
            let links = circle
                .iter()
                .zip(circle.iter().cycle().skip(1))
                .map(|(from, to)| {
                    let places = imports.remove(&(from.clone(), to.clone()));
                    (from.clone(), to.clone(), places.unwrap_or_default())
                })
                .collect();
            circles.push(Circle {
                folder: folder.clone(),
                links,
            });
        }
    }
    circles
}

/// The imports in each folder that has modules. In the folder above, all modules of a
/// folder count as the folder.
fn imports(tree: &Tree) -> BTreeMap<Vec<String>, Imports> {
    let mut folders: BTreeMap<Vec<String>, Imports> = BTreeMap::new();
    for (number, module) in tree.modules.iter().enumerate() {
        let from = &tree.modules[tree.file_of(number)];
        let uses = module
            .uses
            .iter()
            .map(|it| (&it.path, it.line, it.exported));
        // Only the `use` of a name is reported, not each place with that name.
        let imported: BTreeSet<&String> = module
            .uses
            .iter()
            .filter(|it| !it.exported && definition(tree, number, &it.path).is_some())
            .map(|it| &it.name)
            .collect();
        let mentions = module
            .mentions
            .iter()
            .filter(|it| !imported.contains(&it.path[0]))
            .map(|it| (&it.path, it.line, false));
        for (path, line, exported) in uses.chain(mentions) {
            let Some(target) = definition(tree, number, path) else {
                continue;
            };
            let to = &tree.modules[tree.file_of(target)];
            // A folder's own file may re-export its modules: that does not count as use.
            if from.path == to.path || exported && to.path.starts_with(&from.path) {
                continue;
            }
            let both = from.path.iter().zip(&to.path);
            let common = both.take_while(|(from, to)| from == to).count();
            let node =
                |path: &[String]| path.get(common).map_or(OWN_FILE, String::as_str).to_owned();
            let folder = folders.entry(from.path[..common].to_vec()).or_default();
            let link = folder
                .entry((node(&from.path), node(&to.path)))
                .or_default();
            link.insert(Import {
                file: from.file.clone(),
                line,
                path: path.join("::"),
            });
        }
    }
    folders
}

/// A shortest circle, as its modules in order.
fn shortest(imports: &Imports) -> Option<Vec<String>> {
    let nodes: BTreeSet<&String> = imports.keys().map(|(from, _)| from).collect();
    let circles = nodes.into_iter().filter_map(|node| back_to(imports, node));
    circles.min_by_key(Vec::len)
}

/// The shortest way from a module back to it, breadth first.
fn back_to(imports: &Imports, start: &String) -> Option<Vec<String>> {
    let mut ways = VecDeque::from([vec![start.clone()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let last = way.last()?;
        for (_, next) in imports.keys().filter(|(from, _)| from == last) {
            if next == start {
                return Some(way);
            }
            if seen.insert(next) {
                ways.push_back([&way[..], std::slice::from_ref(next)].concat());
            }
        }
    }
    None
}
