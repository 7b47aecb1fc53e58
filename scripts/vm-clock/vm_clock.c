// SPDX-License-Identifier: GPL-2.0
/*
 * vm_clock - keep virtual time from running away while the host reads files
 *
 * With its virtual clock (scripts/vm --clock virtual) QEMU moves time on to
 * the next timer whenever the guest is idle. A guest that waits for the host
 * to answer a 9p request is idle too, so without this module a minute may
 * pass, and a timeout strike, while a program is read from the host's disk.
 * A thread of the lowest priority keeps the processor busy just as long as
 * such requests are pending.
 *
 * Loaded by scripts/vm-init; no part of LTCP.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>

static atomic_t pending;
static struct task_struct *spinner;

static int spin(void *unused)
{
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!atomic_read(&pending)) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		cpu_relax();
		cond_resched();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static void wake(struct irq_work *work)
{
	wake_up_process(spinner);
}

/* A probe may have come by a trap, where no lock of the scheduler's may be taken. */
static DEFINE_IRQ_WORK(waker, wake);

static int request_begins(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	if (atomic_inc_return(&pending) == 1)
		irq_work_queue(&waker);
	return 0;
}

static int request_ends(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	atomic_dec(&pending);
	return 0;
}

/* Where the 9p client waits; compilers may have given a name a suffix. */
static struct {
	const char *names[3];
	struct kretprobe probe;
} waits[] = {
	{ .names = { "p9_client_rpc", "p9_client_rpc.constprop.0" } },
	{ .names = { "p9_client_zc_rpc", "p9_client_zc_rpc.constprop.0" } },
};

static int watch(int i)
{
	int n, err = -ENOENT;

	for (n = 0; err == -ENOENT && waits[i].names[n]; n++) {
		waits[i].probe = (struct kretprobe) {
			.kp.symbol_name = waits[i].names[n],
			.entry_handler = request_begins,
			.handler = request_ends,
			.maxactive = 256,
		};
		err = register_kretprobe(&waits[i].probe);
	}
	return err;
}

static int __init vm_clock_init(void)
{
	int i, err = 0;

	spinner = kthread_create(spin, NULL, "vm_clock");
	if (IS_ERR(spinner))
		return PTR_ERR(spinner);
	sched_set_normal(spinner, 19);
	wake_up_process(spinner);

	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		err = watch(i);
		if (err)
			break;
	}
	if (!err)
		return 0;

	pr_err("cannot probe %s: %d\n", waits[i].names[0], err);
	while (i--)
		unregister_kretprobe(&waits[i].probe);
	irq_work_sync(&waker);
	kthread_stop(spinner);
	return err;
}

static void __exit vm_clock_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(waits); i++)
		unregister_kretprobe(&waits[i].probe);
	irq_work_sync(&waker);
	kthread_stop(spinner);
}

module_init(vm_clock_init);
module_exit(vm_clock_exit);
MODULE_DESCRIPTION("Keep QEMU's virtual clock while 9p requests are pending");
MODULE_LICENSE("GPL");
