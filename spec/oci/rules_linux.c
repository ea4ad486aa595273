/* SPDX-License-Identifier: Apache-2.0 */
/* rules_linux.c - rules on "linux" but for resources and seccomp (config-linux.md). */
#include <linux/sched.h>
#include <string.h>
#include <sys/stat.h>

#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/json/quote.h"
#include "spec/oci/numberlist.h"
#include "spec/oci/rules.h"
#include "spec/oci/sysctl.h"
#include "spec/oci/words.h"

/* MINORBITS of the kernel's dev_t */
#define DEVICE_MAJOR_MAX 0xfff
#define DEVICE_MINOR_MAX 0xfffff
/* IFNAMSIZ - 1 */
#define IFNAME_MAX 15
#define NET_DEVICES_MAX 1024
#define NANOSECONDS_MAX 999999999u
enum mpol { MPOL_DEFAULT_ = 0, MPOL_BIND_ = 2, MPOL_LOCAL_ = 4 };
#define MPOL_NUMA_BALANCING (1u << 13)
#define MPOL_RELATIVE_AND_STATIC (3u << 14)

/* --- namespaces and ids --- */

static int rule_namespaces(const struct config *config, struct err *err)
{
	const struct namespaces *all = &config->linux_.namespaces;

	for (size_t i = 0; i < all->n; i++) {
		const struct namespace *n = &all->v[i];

		if (namespace_of(config, n->type) != n) {
			(void)err_input(err, "the type \"%s\" stands twice",
					name_of(word_namespaces, n->type));
			return err_in(err, "/linux/namespaces/%zu/type", i);
		}
		if (n->path && !path_is_absolute(n->path)) {
			(void)err_input(err, "must be absolute, is %s; drop it for a new namespace",
					Q(n->path));
			return err_in(err, "/linux/namespaces/%zu/path", i);
		}
	}
	return 0;
}

static int rule_id_mappings(const struct config *config, struct err *err)
{
	const struct linux_config *l = &config->linux_;

	if (rules_id_mappings(&l->uid_mappings, err) < 0)
		return err_in(err, "/linux/uidMappings");
	if (rules_id_mappings(&l->gid_mappings, err) < 0)
		return err_in(err, "/linux/gidMappings");
	return 0;
}

static int rule_id_mappings_whole(const struct config *config, struct err *err)
{
	const struct linux_config *l = &config->linux_;

	if (!l->uid_mappings.n && !l->gid_mappings.n)
		return 0;
	if (!config_has_ns(config, CLONE_NEWUSER))
		return REFUSE(err, l->uid_mappings.n ? "/linux/uidMappings" : "/linux/gidMappings",
			      "needs a namespace of type user");
	if (!l->uid_mappings.n || !l->gid_mappings.n)
		return REFUSE(err, l->uid_mappings.n ? "/linux/gidMappings" : "/linux/uidMappings",
			      "is missing: map user and group ids, or neither");
	return 0;
}

/* The kernel takes the offsets only before the first process enters the namespace. */
static int rule_time_offsets(const struct config *config, struct err *err)
{
	const struct time_offsets *t = config->linux_.time_offsets;
	const struct namespace *n = namespace_of(config, CLONE_NEWTIME);

	if (!t || (!t->boottime && !t->monotonic))
		return 0;
	if (!n || n->path)
		return REFUSE(err, "/linux/timeOffsets",
			      "needs a new namespace of type time, without a path");
	if (t->boottime && t->boottime->nanosecs.v > NANOSECONDS_MAX)
		return REFUSE(err, "/linux/timeOffsets/boottime/nanosecs", "must be at most %u",
			      NANOSECONDS_MAX);
	if (t->monotonic && t->monotonic->nanosecs.v > NANOSECONDS_MAX)
		return REFUSE(err, "/linux/timeOffsets/monotonic/nanosecs", "must be at most %u",
			      NANOSECONDS_MAX);
	return 0;
}

/* --- devices and interfaces --- */

static int check_device_number(const struct device *d, struct err *err)
{
	if (d->type == 'p')
		return 0;
	if (!d->major.set || !d->minor.set)
		return REFUSE(err, d->major.set ? "/minor" : "/major",
			      "is missing: only a device of type p needs none");
	if (d->major.v < 0 || d->major.v > DEVICE_MAJOR_MAX)
		return REFUSE(err, "/major", "must be from 0 to %d, is %lld", DEVICE_MAJOR_MAX,
			      (long long)d->major.v);
	if (d->minor.v < 0 || d->minor.v > DEVICE_MINOR_MAX)
		return REFUSE(err, "/minor", "must be from 0 to %d, is %lld", DEVICE_MINOR_MAX,
			      (long long)d->minor.v);
	return 0;
}

/* Engines write the mode as stat(2) gives it: the file type may stand there if it is the right
 * one. */
static int check_device_mode(const struct device *d, struct err *err)
{
	uint64_t mode = d->file_mode.v, format = mode & S_IFMT;
	uint64_t right = d->type == 'p' ? S_IFIFO : d->type == 'b' ? S_IFBLK : S_IFCHR;

	if (mode > (S_IFMT | 07777) || (format && format != right))
		return REFUSE(err, "/fileMode",
			      "%llu is no permission of this device; JSON numbers are decimal",
			      (unsigned long long)mode);
	return 0;
}

static int check_device(const struct device *d, struct err *err)
{
	if (!path_is_absolute(d->path) || path_has_dotdot(d->path) || !path_base(d->path)[0])
		return REFUSE(err, "/path", "must be an absolute path of a file without .., is %s",
			      Q(d->path));
	TRY(check_device_number(d, err));
	return check_device_mode(d, err);
}

static int rule_devices(const struct config *config, struct err *err)
{
	for (size_t i = 0; i < config->linux_.devices.n; i++)
		if (check_device(&config->linux_.devices.v[i], err) < 0)
			return err_in(err, "/linux/devices/%zu", i);
	return 0;
}

/* dev_valid_name of the kernel. */
static bool is_interface_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= IFNAME_MAX && !str_eq(s, ".") && !str_eq(s, "..") &&
	       strcspn(s, "/: \t\n\v\f\r") == n;
}

static const char *inner_name(const struct net_device *d)
{
	return d->name && d->name[0] ? d->name : d->host_name;
}

static int check_net_device(const struct net_devices *all, size_t i, struct err *err)
{
	const char *name = inner_name(&all->v[i]);

	if (!is_interface_name(all->v[i].host_name))
		return err_input(err, "%s is no name of a network interface",
				 Q(all->v[i].host_name));
	if (!is_interface_name(name))
		return err_input(err, "%s is no name of a network interface", Q(name));
	/* The kernel, or we, number a template. */
	for (size_t j = 0; j < i && !strstr(name, "%d"); j++)
		if (str_eq(inner_name(&all->v[j]), name))
			return err_input(err, "two interfaces are to be called %s", Q(name));
	return 0;
}

static int rule_net_devices(const struct config *config, struct err *err)
{
	const struct net_devices *all = &config->linux_.net_devices;

	if (all->n && !config_has_ns(config, CLONE_NEWNET))
		return REFUSE(err, "/linux/netDevices", "needs a namespace of type network");
	if (all->n > NET_DEVICES_MAX)
		return REFUSE(err, "/linux/netDevices", "%zu are too many: at most %d", all->n,
			      NET_DEVICES_MAX);
	for (size_t i = 0; i < all->n; i++)
		if (check_net_device(all, i, err) < 0)
			return err_in(err, "/linux/netDevices");
	return 0;
}

/* --- kernel parameters and paths --- */

static int check_sysctl(const struct config *config, const char *name, struct err *err)
{
	char path[SYSCTL_PATH_MAX];
	int type;

	if (!sysctl_path(name, path))
		return err_input(err, "%s is no name of a kernel parameter", Q(name));
	if (str_eq(path, "kernel/hostname"))
		return err_input(err, "set the property hostname instead of %s", Q(name));
	if (str_eq(path, "kernel/domainname") && config->domainname && config->domainname[0])
		return err_input(err, "%s contradicts the property domainname", Q(name));
	type = sysctl_namespace(path);
	if (!type)
		return err_input(err, "%s belongs to the whole host and cannot be set", Q(name));
	if (!config_has_ns(config, type))
		return err_input(err, "%s would change the host: add a namespace of type %s",
				 Q(name), name_of(word_namespaces, type));
	return 0;
}

static int rule_sysctl(const struct config *config, struct err *err)
{
	for (size_t i = 0; i < config->linux_.sysctl.n; i++)
		if (check_sysctl(config, config->linux_.sysctl.v[i].key, err) < 0)
			return err_in(err, "/linux/sysctl");
	return 0;
}

static int check_paths(const char *name, const struct strings *paths, struct err *err)
{
	for (size_t i = 0; i < paths->n; i++)
		if (!path_is_absolute(paths->v[i])) {
			(void)err_input(err, "must be an absolute path, is %s", Q(paths->v[i]));
			return err_in(err, "/linux/%s/%zu", name, i);
		}
	return 0;
}

static int rule_masked_paths(const struct config *config, struct err *err)
{
	return check_paths("maskedPaths", &config->linux_.masked_paths, err);
}

static int rule_readonly_paths(const struct config *config, struct err *err)
{
	return check_paths("readonlyPaths", &config->linux_.readonly_paths, err);
}

static int rule_cgroups_path(const struct config *config, struct err *err)
{
	const char *p = config->linux_.cgroups_path;

	if (p && path_has_dotdot(p))
		return REFUSE(err, "/linux/cgroupsPath", "%s leaves the cgroup tree: .. is refused",
			      Q(p));
	if (p && strchr(p, '\n'))
		return REFUSE(err, "/linux/cgroupsPath", "may not hold a line break");
	return 0;
}

/* --- intelRdt, memoryPolicy, personality --- */

static int rule_rdt(const struct config *config, struct err *err)
{
	const struct intel_rdt *r = config->linux_.intel_rdt;
	const char *id = r ? r->clos_id : NULL;

	/* "/" alone is the root group. */
	if (id && !str_eq(id, "/") &&
	    (strchr(id, '/') || strchr(id, '\n') || str_eq(id, ".") || str_eq(id, "..")))
		return REFUSE(err, "/linux/intelRdt/closID",
			      "%s is no name of a directory; drop / and ..", Q(id));
	if (r && r->mem_bw_schema &&
	    (!str_starts(r->mem_bw_schema, "MB:") || strchr(r->mem_bw_schema, '\n')))
		return REFUSE(err, "/linux/intelRdt/memBwSchema",
			      "must be one line that begins with MB:, is %s", Q(r->mem_bw_schema));
	for (size_t i = 0; r && i < r->schemata.n; i++)
		if (strchr(r->schemata.v[i], '\n')) {
			(void)err_input(err, "must be one line");
			return err_in(err, "/linux/intelRdt/schemata/%zu", i);
		}
	return 0;
}

static int rule_memory_policy(const struct config *config, struct err *err)
{
	const struct memory_policy *m = config->linux_.memory_policy;
	bool local = m && (m->mode == MPOL_DEFAULT_ || m->mode == MPOL_LOCAL_);
	bool nodes = m && m->nodes && m->nodes[0];

	if (!m)
		return 0;
	if (nodes && !number_list_ok(m->nodes))
		return REFUSE(err, "/linux/memoryPolicy/nodes", "%s is no list like 0-3,7",
			      Q(m->nodes));
	if (nodes && local)
		return REFUSE(err, "/linux/memoryPolicy/nodes", "%s takes no nodes",
			      name_of(word_mpol_modes, m->mode));
	if ((m->flags & MPOL_RELATIVE_AND_STATIC) == MPOL_RELATIVE_AND_STATIC)
		return REFUSE(err, "/linux/memoryPolicy/flags",
			      "MPOL_F_RELATIVE_NODES and MPOL_F_STATIC_NODES exclude each other");
	if ((m->flags & MPOL_NUMA_BALANCING) && m->mode != MPOL_BIND_)
		return REFUSE(err, "/linux/memoryPolicy/flags",
			      "MPOL_F_NUMA_BALANCING belongs to MPOL_BIND");
	return 0;
}

static int rule_personality(const struct config *config, struct err *err)
{
	const struct personality *p = config->linux_.personality;

	if (p && p->flags.n)
		return REFUSE(err, "/linux/personality/flags", "no flag is defined: drop %s",
			      Q(p->flags.v[0]));
	return 0;
}

#define ROW(name, level, section, fn)                       \
	{                                                   \
		name, level, "config-linux.md#" section, fn \
	}

const struct rule rules_linux[] = {
	ROW("namespace-once", MUST, "namespaces", rule_namespaces),
	ROW("id-mapping-sane", MUST, "user-namespace-mappings", rule_id_mappings),
	ROW("id-mapping-whole", MUST, "user-namespace-mappings", rule_id_mappings_whole),
	ROW("time-offsets-need-new-time", MUST, "offset-for-time-namespace", rule_time_offsets),
	ROW("device-sane", MUST, "devices", rule_devices),
	ROW("net-device-named", MUST, "network-devices", rule_net_devices),
	ROW("sysctl-namespaced", MUST, "sysctl", rule_sysctl),
	ROW("masked-path-absolute", MUST, "masked-paths", rule_masked_paths),
	ROW("readonly-path-absolute", MUST, "readonly-paths", rule_readonly_paths),
	ROW("cgroups-path-inside", MUST, "cgroups-path", rule_cgroups_path),
	ROW("intel-rdt-sane", MUST, "intelrdt", rule_rdt),
	ROW("memory-policy-sane", MUST, "memory-policy", rule_memory_policy),
	ROW("personality-flags-unknown", MUST, "personality", rule_personality),
	{ NULL },
};
