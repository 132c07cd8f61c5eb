//! What gapboot told the running system: the text of its `setup_data` node.
//! [`layout::node`] describes it.

use layout::node;

/// The lines of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoaderNode {
    lines: Vec<(String, String)>,
}

impl LoaderNode {
    /// Takes the data of a node apart; nothing if it has another format.
    pub fn parse(data: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(data);
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        (lines.next()? == (node::FORMAT_NAME, node::FORMAT)).then_some(())?;
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Some(Self {
            lines: lines.map(own).collect(),
        })
    }

    /// The value of a line, if there is one and it says something.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut lines = self.lines.iter().filter(|(known, _)| known == name);
        let (_, value) = lines.next()?;
        (!value.is_empty()).then_some(value)
    }

    /// All lines after the first: name and value.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.lines.iter();
        lines.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let data = b"GapbootNode=1\nLoaderInfo=gapboot 0.1.0\nLoaderX=a=b\nnoise\n\
            LoaderEntryDefault=\nLoaderX=c\n";
        let node = LoaderNode::parse(data).unwrap();
        assert_eq!(node.get("LoaderInfo"), Some("gapboot 0.1.0"));
        assert_eq!(node.get("LoaderX"), Some("a=b"));
        assert_eq!(node.get("LoaderEntryDefault"), None);
        assert_eq!(node.get("LoaderEntrySelected"), None);
        assert_eq!(node.lines().count(), 4);
    }

    #[test]
    fn other_formats() {
        for data in [
            "",
            "GapbootNode=2\nLoaderInfo=x\n",
            "LoaderInfo=x\nGapbootNode=1\n",
            "GapbootNode\n",
        ] {
            assert_eq!(LoaderNode::parse(data.as_bytes()), None, "{data}");
        }
        assert!(LoaderNode::parse(b"GapbootNode=1\nLoaderInfo=\xff\0").is_some());
    }
}
