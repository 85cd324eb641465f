//! As whom an image starts its program: `User` of the configuration, looked up as runtimes do (`moby/sys/user`).

use crate::images::access::Identity;

/// `NAME`, `NUMBER`, and either with `:GROUP`, by the text of `/etc/passwd` and `/etc/group`; empty files where there are none.
///
/// # Errors
/// A clause, when the runtime gives up: a name that nobody has.
pub(super) fn identity(spec: &str, passwd: &str, group: &str) -> Result<Identity, String> {
    let (name, of) = spec.split_once(':').unwrap_or((spec, ""));
    let number = name.parse::<u32>().ok();
    let wanted = if name.is_empty() { Some(0) } else { number };
    let entry = lines(passwd).find_map(|fields| match (fields.as_slice(), wanted) {
        ([_, _, uid, ..], Some(wanted)) if uid.parse() == Ok(wanted) => Some(fields),
        ([known, ..], None) if *known == name => Some(fields),
        _ => None,
    });
    let (user, uid, mut gid) = match &entry {
        Some(fields) => {
            let number = |at: usize| fields.get(at).and_then(|field| field.parse().ok()).unwrap_or(0);
            (fields.first().copied(), number(2), number(3))
        }
        None => match wanted {
            Some(uid) => (None, uid, 0),
            None => return Err(format!("the image has no user `{name}` in `/etc/passwd`")),
        },
    };
    let mut groups = Vec::new();
    if of.is_empty() {
        let is_member = |fields: &Vec<&str>| {
            user.is_some_and(|user| fields.get(3).is_some_and(|members| members.split(',').any(|one| one == user)))
        };
        groups.extend(lines(group).filter(is_member).filter_map(|fields| fields.get(2)?.parse::<u32>().ok()));
    } else {
        let number = of.parse::<u32>().ok();
        let known = lines(group).find_map(|fields| {
            let own = fields.get(2)?.parse::<u32>().ok()?;
            let is_it = number.map_or(fields.first() == Some(&of), |number| number == own);
            is_it.then_some(own)
        });
        let missing = || format!("the image has no group `{of}` in `/etc/group`");
        gid = known.or(number).ok_or_else(missing)?;
    }
    groups.push(gid);
    Ok(Identity { uid, groups })
}

/// The fields of each line.
fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| line.split(':').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n";
    const GROUP: &str = "root:x:0:\napp:x:1001:\nvideo:x:44:other,app\n";

    fn of(spec: &str) -> Result<(u32, Vec<u32>), String> {
        identity(spec, PASSWD, GROUP).map(|who| (who.uid, who.groups))
    }

    #[test]
    fn names_and_numbers_are_looked_up() {
        assert_eq!(of(""), Ok((0, vec![0])));
        assert_eq!(of("app"), Ok((1000, vec![44, 1001])));
        assert_eq!(of("1000"), Ok((1000, vec![44, 1001])), "what the number's own line says");
        assert_eq!(of("65532"), Ok((65532, vec![0])), "a number needs no line");
        assert_eq!(of("app:video"), Ok((1000, vec![44])));
        assert_eq!(of("7:8"), Ok((7, vec![8])));
    }

    #[test]
    fn names_that_nobody_has_are_said() {
        assert_eq!(of("nonroot"), Err("the image has no user `nonroot` in `/etc/passwd`".to_owned()));
        assert_eq!(of("app:staff"), Err("the image has no group `staff` in `/etc/group`".to_owned()));
        assert_eq!(identity("app", "", ""), Err("the image has no user `app` in `/etc/passwd`".to_owned()));
        assert_eq!(identity("1", "", "").map(|who| who.groups), Ok(vec![0]));
    }
}
