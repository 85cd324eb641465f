//! Names of images: the least that tells those of one archive apart.

use std::collections::BTreeSet;

use super::Image;

/// Gives every image its label.
pub(super) fn name(images: &mut [Image]) {
    if images.len() < 2 {
        return;
    }
    let differ = |of: &dyn Fn(&Image) -> String| images.iter().map(of).collect::<BTreeSet<_>>().len() > 1;
    let references = differ(&|image| image.reference.clone().unwrap_or_default());
    let platforms = differ(&|image| image.platform.to_string());
    for image in images.iter_mut() {
        let reference = image.reference.clone().filter(|_| references);
        let platform = Some(image.platform.to_string()).filter(|_| platforms);
        image.label = [reference, platform].into_iter().flatten().collect::<Vec<_>>().join(" ");
    }
    let labels: Vec<String> = images.iter().map(|image| image.label.clone()).collect();
    for image in images.iter_mut() {
        if image.label.is_empty() || labels.iter().filter(|label| **label == image.label).count() > 1 {
            let digest = image.digest.hex();
            image.label = format!("{}@{}", image.label, digest.get(..12).unwrap_or(&digest));
        }
    }
}
