//! GRUB's variables.

use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::string::String;

/// All variables of a context.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    map: Rc<BTreeMap<String, Variable>>,
}

#[derive(Clone, Debug, Default)]
struct Variable {
    /// `None` if it is exported, and has no value.
    value: Option<Rc<str>>,
    /// A submenu and a configuration that is opened see it too.
    exported: bool,
    /// A search for it failed after it was set, so it may mean another device.
    doubtful: Option<Rc<str>>,
}

/// Variables that GRUB 2.06 sets before it reads a configuration.
const FEATURES: &[&str] = &[
    "feature_chainloader_bpb",
    "feature_ntldr",
    "feature_platform_search_hint",
    "feature_default_font_path",
    "feature_all_video_module",
    "feature_menuentry_id",
    "feature_menuentry_options",
    "feature_200_final",
    "feature_nativedisk_cmd",
    "feature_timeout_style",
];

impl Variables {
    /// As GRUB's normal mode has them when it starts on this platform.
    pub(super) fn new(cpu: &str, platform: &str) -> Self {
        let mut new = Self::default();
        for name in FEATURES {
            new.set_exported(name, "y");
        }
        new.set_exported("grub_cpu", cpu);
        new.set_exported("grub_platform", platform);
        new.set_exported("color_normal", "light-gray/black");
        new.set_exported("color_highlight", "black/light-gray");
        new.export("pager");
        new
    }

    /// The value, if it has one.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.map.get(name)?.value.as_deref()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.map.len()
    }

    /// Sets a value. The parentheses around the value of `root` are dropped, as GRUB does.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let inner = value.strip_prefix('(').and_then(|v| v.strip_suffix(')'));
        let value = match inner {
            Some(inner) if name == "root" => inner,
            _ => value,
        };
        let variable = self.variable(name);
        variable.value = Some(value.into());
        variable.doubtful = None;
    }

    /// Sets and exports.
    pub(super) fn set_exported(&mut self, name: &str, value: &str) {
        self.set(name, value);
        self.export(name);
    }

    /// Makes it visible in submenus.
    pub(super) fn export(&mut self, name: &str) {
        self.variable(name).exported = true;
    }

    /// Takes it away.
    pub(super) fn unset(&mut self, name: &str) {
        if self.map.contains_key(name) {
            Rc::make_mut(&mut self.map).remove(name);
        }
    }

    /// A search for it failed, for this reason. A variable without a value stays without.
    pub(super) fn doubt(&mut self, name: &str, reason: &str) {
        if self.get(name).is_some() {
            self.variable(name).doubtful = Some(reason.into());
        }
    }

    /// Why the value may not be what it would be on the machine.
    pub(super) fn doubtful(&self, name: &str) -> Option<&str> {
        self.map.get(name)?.doubtful.as_deref()
    }

    /// What a new context has of them: the exported ones.
    pub(super) fn exported(&self) -> Self {
        let kept = self.map.iter().filter(|(_, variable)| variable.exported);
        let map = kept.map(|(name, variable)| (name.clone(), variable.clone()));
        Self {
            map: Rc::new(map.collect()),
        }
    }

    /// Names and values, sorted by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.map
            .iter()
            .filter_map(|(name, variable)| Some((name.as_str(), variable.value.as_deref()?)))
    }

    fn variable(&mut self, name: &str) -> &mut Variable {
        let map = Rc::make_mut(&mut self.map);
        map.entry(name.into()).or_default()
    }
}
