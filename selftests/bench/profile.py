#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Where the instructions of a workload go, LTCP beside TCP.

usage: profile.py COUNTS KALLSYMS [--lines N] < samples

COUNTS is what the plugin count.c wrote, KALLSYMS the guest's /proc/kallsyms.
Figures are instructions and calls for each unit of the workload.
"""
import argparse
import bisect
import sys

ACCOUNTS = {1: "ltcp", 2: "tcp"}

# Words that begin a function's name, or a module. The first area that has one wins.
AREAS = (
    ("the protocol's own", """[ltcp] tcp inet_csk inet_hash inet_lookup inet_ehash inet_twsk inet_bind
        inet_unhash inet_reqsk reqsk inet_put_port secure_tcp cookie sk_stream bictcp cubictcp
        inet_rtx inet_gro inet_bhash"""),
    ("device", """[veth] dev_ netif napi net_rx net_tx process_backlog gro_ qdisc enqueue_to validate_xmit
        eth_ passthru sch_ do_softirq softirq local_bh handle_softirqs irq_exit skb_mac_gso
        raise_softirq sk_busy"""),
    ("IP and routes", """ip_ ip4_ ipv4 ipv6 fib_ dst_ rt_ inet_addr icmp neigh arp_ nf_ inet_select xfrm
        find_exception inet_sk_rebuild inet_sk_set fnhe udp_v4_early rt6 flowi"""),
    ("copies and sums", """copy_ _copy_ csum_ skb_checksum memcpy memset copyin copyout fault_in
        check_object check_heap check_stack virt_addr_valid simple_copy skb_copy_datagram
        skb_datagram_iter memcpy_ rep_movs do_csum clear_page"""),
    ("buffers", """skb_ alloc_skb napi_alloc build_skb kfree kmem kmalloc slab alloc_pages get_page
        free_unref rmqueue page_frag memcg obj_cgroup mod_objcg refill_ sk_mem sock_rfree sock_wfree
        sock_wmalloc sock_def_write discard_slab setup_object allocate_slab free_pages free_one_page
        new_slab consume_skb deactivate_slab put_cpu_partial unfreeze_partials alloc_page cache_free
        memcg_slab consume_stock sk_page_frag shuffle_freelist put_page folio get_any_partial free_frozen
        free_the_page drain_obj"""),
    ("security modules", """security apparmor aa_ selinux avc_ cap_ landlock begin_current_label"""),
    ("system calls", """x64_sys do_sys se_sys syscall entry_ exit_to_user error_return irqentry asm_
        ia32 sys_ x64 ret_from entry"""),
    ("sockets and files", """[unix] sock sk_ release_sock lock_sock inet_ move_addr fput fget vfs_ ksys
        new_sync alloc_file alloc_inode new_inode d_ dentry iput evict destroy_inode alloc_fd get_unused
        fd_install close_fd filp file_ task_work delayed_fput mnt dput dget lookup path pipe unix udp
        import_ iov rw_verify fsnotify proto_ cgroup_bpf cgroup bpf inode fdget alloc_empty_file
        locks_remove eventpoll fcntl dnotify prandom reuseport iter_ scm_ wait_for_unix sys_sock
        init_file simple_ pick_file __close"""),
    ("scheduler, locks, time", """raw_spin spin rcu sched wake try_to mutex lock_ timer ktime hrtimer tick
        clock update_ pick_next enqueue_ dequeue_ switch preempt workqueue queue_work get_random atomic
        refcount percpu mod_timer del_timer add_timer detach_if calc_wheel read_tsc sched_clock timekeeping
        jiffies cond_resched might_ poll ep_ get_nohz trigger_dyntick kvm_ native_ wq_ process_one
        call_function rh_ rht_ rhash siphash hsiphash poly chacha blake2s crng finish_task lapic apic
        enter_lazy default_wake autoremove prepare_to finish_wait add_wait remove_wait psi_ cpuacct
        perf_ trace_ note_gp fire_ collect_exp expire_timers run_timer idle menu_ irq_"""),
)
AREAS_WORDS = [(title, words.split()) for title, words in AREAS]
REST = "the rest"


def area(name):
    for title, words in AREAS_WORDS:
        for word in words:
            if word.startswith("["):
                if name.endswith(word):
                    return title
            elif name.lstrip("_").startswith(word):
                return title
    return REST


class Symbols:
    """Functions by address."""

    def __init__(self, lines):
        found = {}
        for line in lines:
            words = line.split()
            if words[1] in "tTwW":
                name = words[2] + (f" {words[3]}" if len(words) > 3 else "")
                found.setdefault(int(words[0], 16), name)
        self.addresses = sorted(found)
        self.names = [found[a] for a in self.addresses]

    def find(self, address):
        """The function that an address lies in, and whether it is its entry."""
        if address < 1 << 63:
            return "(the program)", False
        i = bisect.bisect_right(self.addresses, address) - 1
        if i < 0:
            return "(unknown)", False
        return self.names[i], self.addresses[i] == address


class Profile:
    """Instructions and calls of each function, by account."""

    def __init__(self, counts, symbols):
        self.instructions = {}  # function -> {account: sum}
        self.calls = {}
        for line in counts:
            account, address, instructions, entered = line.split()
            name, entry = symbols.find(int(address, 16))
            self.add(self.instructions, name, int(account), int(instructions))
            if entry:
                self.add(self.calls, name, int(account), int(entered))

    @staticmethod
    def add(table, name, account, value):
        accounts = table.setdefault(name, dict.fromkeys(ACCOUNTS, 0))
        if account in accounts:
            accounts[account] += value

    def totals(self):
        return {a: sum(row[a] for row in self.instructions.values()) for a in ACCOUNTS}


def read_samples(lines):
    """Unit, and the mean of all samples by subject."""
    unit, values = "", {}
    for line in lines:
        words = line.split()
        if words[:1] == ["workload"]:
            unit = words[2]
        elif words[:1] == ["sample"]:
            values.setdefault(words[2], []).append(float(words[4]))
    return unit, {subject: sum(v) / len(v) for subject, v in values.items()}


def figure(value):
    return f"{value:.0f}" if value >= 1000 else f"{value:.4g}"


def print_profile(profile, unit, means, lines):
    totals = profile.totals()
    # What was counted, for each unit: the meter's figure times a function's share.
    scale = {a: means[name] / totals[a] for a, name in ACCOUNTS.items() if totals[a] and name in means}

    def per_unit(row, account):
        return row[account] * scale.get(account, 0)

    print(f"{unit}\n")
    head = "{:<34} {:>10} {:>10} {:>10}"
    print(head.format("area", "LTCP", "TCP", "more"))
    areas = {}
    for name, row in profile.instructions.items():
        sums = areas.setdefault("the program" if name == "(the program)" else area(name),
                                dict.fromkeys(ACCOUNTS, 0))
        for account in ACCOUNTS:
            sums[account] += per_unit(row, account)
    for title, sums in sorted(areas.items(), key=lambda item: -max(item[1].values())):
        print(head.format(title, figure(sums[1]), figure(sums[2]), f"{sums[1] - sums[2]:+.4g}"))
    print(head.format("all", figure(sum(s[1] for s in areas.values())),
                      figure(sum(s[2] for s in areas.values())), ""))

    head = "{:<44} {:>9} {:>9} {:>9} {:>9}  {}"
    print()
    print(head.format("function", "LTCP", "calls", "TCP", "calls", "area"))
    order = sorted(profile.instructions.items(),
                   key=lambda item: -max(per_unit(item[1], a) for a in ACCOUNTS))
    for name, row in order[:lines]:
        calls = profile.calls.get(name, dict.fromkeys(ACCOUNTS, 0))
        print(head.format(name[:44], figure(per_unit(row, 1)), figure(per_unit(calls, 1)),
                          figure(per_unit(row, 2)), figure(per_unit(calls, 2)),
                          area(name) if name != "(the program)" else ""))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("counts")
    parser.add_argument("kallsyms")
    parser.add_argument("--lines", type=int, default=60)
    args = parser.parse_args()

    unit, means = read_samples(sys.stdin)
    with open(args.kallsyms, encoding="ascii") as file:
        symbols = Symbols(file)
    with open(args.counts, encoding="ascii") as file:
        profile = Profile(file, symbols)
    print_profile(profile, unit, means, args.lines)


if __name__ == "__main__":
    main()
