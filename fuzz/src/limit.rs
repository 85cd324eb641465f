//! An allocator that ends the process when one allocation is larger than the input and some slack: what a file claims must
//! never decide how much memory is asked for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What one allocation may have beyond the length of the input, in bytes.
const SLACK: usize = 16 << 20;

static LARGEST: AtomicUsize = AtomicUsize::new(usize::MAX);

#[global_allocator]
static LIMITED: Limited = Limited;

struct Limited;

/// From here on no allocation may be larger than an input of `length` bytes and the slack.
pub(crate) fn set(length: usize) {
    LARGEST.store(length.saturating_add(SLACK), Ordering::Relaxed);
}

fn check(size: usize) {
    if size > LARGEST.load(Ordering::Relaxed) {
        // Printing allocates, too.
        LARGEST.store(usize::MAX, Ordering::Relaxed);
        eprintln!("an allocation of {size} bytes is larger than the file and {SLACK} bytes");
        std::process::abort();
    }
}

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        check(size);
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }
}
