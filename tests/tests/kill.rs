//! A machine that is killed at random moments; `./x kill` does it more often.

use tests::kernels::probe::Kernel;
use tests::kill;

#[test]
fn power_cuts_leave_a_clean_disk_that_boots() {
    let kernel = Kernel::load().unwrap();
    println!("{}", kill::run_times(&kernel, 10, kill::SEED).unwrap());
}
