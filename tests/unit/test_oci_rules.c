/* SPDX-License-Identifier: Apache-2.0 */
/* test_oci_rules.c - every rule on a document refuses what it should, in words, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spec/base/str.h"
#include "spec/oci/rules.h"
#include "tests/unit/document.h"

/* Members of a document that is right in all other respects; line NULL: this one is, too. */
struct sample {
	const char *members, *line;
};

static struct config *parsed(struct arena *a, const char *text)
{
	char line[ERR_LINE_MAX];
	struct config *c = NULL;
	struct err err;
	char *s = document(a, text);

	if (config_parse(s, strlen(s), "config.json", a, &c, &err) < 0)
		fail_msg("%s: %s", s, err_line(&err, line, sizeof(line)));
	return c;
}

/* format makes a document of the members. */
static void check_samples(const struct sample *samples, size_t n, const char *format)
{
	scoped_arena struct arena a = { 0 };
	const char *gap = strchr(format, '%');

	for (size_t i = 0; i < n; i++) {
		const char *text = arena_printf(&a, "%.*s%s%s", (int)(gap - format), format,
						samples[i].members, gap + 1);
		struct config *c = parsed(&a, text);
		char line[ERR_LINE_MAX] = "";
		struct err err;
		int r = config_check(c, &err);

		if (r < 0)
			(void)err_line(&err, line, sizeof(line));
		assert_string_equal(line, samples[i].line ? samples[i].line : "");
	}
}

#define TOP "{'ociVersion':'1.0.0','root':{'path':'r'},%}"
#define PROCESS "{'ociVersion':'1.0.0','root':{'path':'r'},'process':{'args':['a'],'cwd':'/',%}}"
#define LINUX "{'ociVersion':'1.0.0','root':{'path':'r'},'linux':{%}}"
#define RESOURCES "{'ociVersion':'1.0.0','root':{'path':'r'},'linux':{'resources':{%}}}"
#define NS(type) "'namespaces':[{'type':'" type "'}]"

static void the_document_itself(void **state)
{
	static const struct sample samples[] = {
		{ "'ociVersion':'1.0.2-dev','root':{'path':'r'}", NULL },
		{ "'ociVersion':'0.5.0-dev','root':{'path':'r'}", NULL },
		{ "'ociVersion':'1.3.0+x.1','root':{'path':'/r'}", NULL },
		{ "'ociVersion':'2.0.0','root':{'path':'r'}",
		  "/ociVersion: version \"2.0.0\" is not supported: this runtime knows 1.0.0 to "
		  "1.3.0" },
		{ "'ociVersion':'10.0.0','root':{'path':'r'}",
		  "/ociVersion: version \"10.0.0\" is not supported: this runtime knows 1.0.0 to "
		  "1.3.0" },
		{ "'ociVersion':'','root':{'path':'r'}",
		  "/ociVersion: must be a version like 1.3.0, is \"\"" },
		{ "'ociVersion':'1.0','root':{'path':'r'}",
		  "/ociVersion: must be a version like 1.3.0, is \"1.0\"" },
		{ "'ociVersion':'1.0.0 ','root':{'path':'r'}",
		  "/ociVersion: must be a version like 1.3.0, is \"1.0.0 \"" },
		{ "'ociVersion':'1.0.0'", "/root: is missing: say where the root file system is" },
		{ "'ociVersion':'1.0.0','root':{'path':''}",
		  "/root/path: is empty: name the directory of the root file system" },
		{ "'ociVersion':'1.0.0','root':{'path':'r'},'annotations':{'':'x'}",
		  "/annotations: a key may not be empty" },
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples), "{%}");
}

static void host_names_and_hooks(void **state)
{
	static const struct sample samples[] = {
		{ "'hostname':'a-b.c_1','linux':{" NS("uts") "}", NULL },
		{ "'hostname':''", NULL },
		{ "'hostname':'h','linux':{'namespaces':[{'type':'uts','path':'/proc/1/ns/uts'}]}",
		  NULL },
		{ "'hostname':'h'",
		  "/hostname: would change the host's: add a namespace of type uts, or drop it" },
		{ "'domainname':'h'",
		  "/domainname: would change the host's: add a namespace of type uts, or drop it" },
		{ "'hostname':'a b','linux':{" NS("uts") "}",
		  "/hostname: \"a b\" has a character that no host name may have" },
		{ "'hostname':'a/b','linux':{" NS("uts") "}",
		  "/hostname: \"a/b\" has a character that no host name may have" },
		{ "'hostname':'0123456789012345678901234567890123456789012345678901234567890123'"
		  ",'linux':{" NS("uts") "}",
		  NULL },
		{ "'hostname':'01234567890123456789012345678901234567890123456789012345678901234'"
		  ",'linux':{" NS("uts") "}",
		  "/hostname: is longer than 64 bytes" },
		{ "'hooks':{'prestart':[{'path':'/h','timeout':1}]}", NULL },
		{ "'hooks':{'poststop':[{'path':'/h'},{'path':'h'}]}",
		  "/hooks/poststop/1/path: must be absolute, is \"h\"" },
		{ "'hooks':{'createContainer':[{'path':'/h','timeout':0}]}",
		  "/hooks/createContainer/0/timeout: must be more than 0 seconds; drop it for no "
		  "limit" },
		{ "'hooks':{'startContainer':[{'path':'/h','timeout':-1}]}",
		  "/hooks/startContainer/0/timeout: must be more than 0 seconds; drop it for no "
		  "limit" },
		{ "'hooks':{'createRuntime':[{'path':''}]}",
		  "/hooks/createRuntime/0/path: must be absolute, is \"\"" },
		{ "'hooks':{'poststart':[{'path':'./h'}]}",
		  "/hooks/poststart/0/path: must be absolute, is \"./h\"" },
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples), TOP);
}

static void what_runs_and_where(void **state)
{
	static const struct sample samples[] = {
		{ "'process':{'args':['a'],'cwd':'/'}", NULL },
		{ "'process':{'cwd':'/'}", "/process/args: is empty: name the program to run" },
		{ "'process':{'args':[],'cwd':'/'}",
		  "/process/args: is empty: name the program to run" },
		{ "'process':{'args':[''],'cwd':'/'}",
		  "/process/args: is empty: name the program to run" },
		{ "'process':{'args':['a'],'cwd':'tmp'}",
		  "/process/cwd: must be an absolute path, is \"tmp\"" },
		{ "'process':{'args':['a'],'cwd':''}",
		  "/process/cwd: must be an absolute path, is \"\"" },
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples), TOP);
}

static void the_process(void **state)
{
	static const struct sample samples[] = {
		{ "'env':['A=','B=c=d']", NULL },
		{ "'env':['A=1','B']", "/process/env/1: must be NAME=value, is \"B\"" },
		{ "'env':['=x']", "/process/env/0: must be NAME=value, is \"=x\"" },
		{ "'env':['']", "/process/env/0: must be NAME=value, is \"\"" },
		{ "'user':{'umask':511}", NULL },
		{ "'user':{'umask':512}", "/process/user/umask: must be at most 511 (octal 0777), "
					  "is 512; JSON numbers are decimal" },
		{ "'terminal':true,'consoleSize':{'height':65535,'width':0}", NULL },
		{ "'terminal':true,'consoleSize':{'height':65536,'width':0}",
		  "/process/consoleSize: height and width must be at most 65535" },
		{ "'consoleSize':{'height':65536,'width':0}", NULL },
		{ "'oomScoreAdj':1000", NULL },
		{ "'oomScoreAdj':-1001",
		  "/process/oomScoreAdj: must be from -1000 to 1000, is -1001" },
		{ "'rlimits':[{'type':'RLIMIT_CORE','soft':1,'hard':1},"
		  "{'type':'RLIMIT_CPU','soft':0,'hard':1}]",
		  NULL },
		{ "'rlimits':[{'type':'RLIMIT_CORE','soft':2,'hard':1}]",
		  "/process/rlimits/0/soft: 2 is more than the hard limit 1" },
		{ "'rlimits':[{'type':'RLIMIT_CORE','soft':1,'hard':1},"
		  "{'type':'RLIMIT_CORE','soft':1,'hard':1}]",
		  "/process/rlimits/1/type: RLIMIT_CORE stands twice" },
		{ "'scheduler':{'policy':'SCHED_BATCH','nice':-20}", NULL },
		{ "'scheduler':{'policy':'SCHED_OTHER','nice':20}",
		  "/process/scheduler/nice: must be from -20 to 19, is 20" },
		{ "'scheduler':{'policy':'SCHED_FIFO','nice':1,'priority':1}",
		  "/process/scheduler/nice: only SCHED_OTHER and SCHED_BATCH have one" },
		{ "'scheduler':{'policy':'SCHED_RR','priority':99}", NULL },
		{ "'scheduler':{'policy':'SCHED_RR'}",
		  "/process/scheduler/priority: must be from 1 to 99, is 0" },
		{ "'scheduler':{'policy':'SCHED_FIFO','priority':100}",
		  "/process/scheduler/priority: must be from 1 to 99, is 100" },
		{ "'scheduler':{'policy':'SCHED_IDLE','priority':1}",
		  "/process/scheduler/priority: only SCHED_FIFO and SCHED_RR have one" },
		{ "'scheduler':{'policy':'SCHED_DEADLINE','runtime':1,'deadline':1}", NULL },
		{ "'scheduler':{'policy':'SCHED_DEADLINE','deadline':1}",
		  "/process/scheduler: 0 < runtime <= deadline <= period must hold" },
		{ "'scheduler':{'policy':'SCHED_DEADLINE','runtime':2,'deadline':1}",
		  "/process/scheduler: 0 < runtime <= deadline <= period must hold" },
		{ "'scheduler':{'policy':'SCHED_DEADLINE','runtime':1,'deadline':3,'period':2}",
		  "/process/scheduler: 0 < runtime <= deadline <= period must hold" },
		{ "'scheduler':{'policy':'SCHED_OTHER','period':2}",
		  "/process/scheduler: runtime, deadline and period belong to SCHED_DEADLINE" },
		{ "'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':7}", NULL },
		{ "'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':8}",
		  "/process/ioPriority/priority: must be from 0 to 7, is 8" },
		{ "'execCPUAffinity':{'initial':'0-3,7','final':''}", NULL },
		{ "'execCPUAffinity':{'initial':'3-0'}",
		  "/process/execCPUAffinity/initial: \"3-0\" is no list like 0-3,7" },
		{ "'execCPUAffinity':{'final':'all'}",
		  "/process/execCPUAffinity/final: \"all\" is no list like 0-3,7" },
		{ "'apparmorProfile':'a\\nb'",
		  "/process/apparmorProfile: may not hold a line break" },
		{ "'selinuxLabel':'a\\nb'", "/process/selinuxLabel: may not hold a line break" },
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples), PROCESS);
}

#define MAP(c, h, s) "{'containerID':" c ",'hostID':" h ",'size':" s "}"
#define BIND(rest) "'mounts':[{'destination':'/a'" rest "}],'linux':{" NS("mount") "}"

static void mounts(void **state)
{
	static const struct sample samples[] = {
		{ BIND(""), NULL },
		{ "'mounts':[{'destination':''}],'linux':{" NS("mount") "}",
		  "/mounts/0/destination: is empty: say where to mount" },
		{ "'mounts':[{'destination':'/a'}]",
		  "/mounts: would change the host's mounts: add a namespace of type mount" },
		{ "'linux':{'maskedPaths':['/a']}",
		  "/linux/maskedPaths: would change the host's mounts: add a namespace of type "
		  "mount" },
		{ "'linux':{'readonlyPaths':['/a']}",
		  "/linux/readonlyPaths: would change the host's mounts: add a namespace of type "
		  "mount" },
		{ "'linux':{'rootfsPropagation':'slave'}",
		  "/linux/rootfsPropagation: would change the host's mounts: add a namespace of "
		  "type mount" },
		{ BIND(",'uidMappings':[" MAP("0", "1", "1") "],'gidMappings':[" MAP("0", "1",
										     "1") "]"),
		  NULL },
		{ BIND(",'uidMappings':[" MAP("0", "1", "1") "]"),
		  "/mounts/0/gidMappings: is missing: an id-mapped mount needs both" },
		{ BIND(",'gidMappings':[" MAP("0", "1", "1") "]"),
		  "/mounts/0/uidMappings: is missing: an id-mapped mount needs both" },
		{ BIND(",'uidMappings':[" MAP("0", "1", "0") "],'gidMappings':[" MAP("0", "1",
										     "1") "]"),
		  "/mounts/0/uidMappings/0/size: must be at least 1" },
		{ BIND(",'uidMappings':[" MAP("0", "1", "1") "],'gidMappings':[" MAP(
			  "0", "1", "1") "," MAP("0", "5", "1") "]"),
		  "/mounts/0/gidMappings/1/containerID: ids 0 to 0 overlap with those of entry 0" },
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples), TOP);
}

static void namespaces_and_ids(void **state)
{
	static const struct sample samples[] = {
		{ NS("pid"), NULL },
		{ "'namespaces':[{'type':'pid'},{'type':'ipc'},{'type':'pid','path':'/a'}]",
		  "/linux/namespaces/2/type: the type \"pid\" stands twice" },
		{ "'namespaces':[{'type':'pid','path':'ns'}]",
		  "/linux/namespaces/0/path: must be absolute, is \"ns\"; drop it for a new "
		  "namespace" },
		{ "'namespaces':[{'type':'pid','path':''}]",
		  "/linux/namespaces/0/path: must be absolute, is \"\"; drop it for a new "
		  "namespace" },
		{ NS("user") ",'uidMappings':[" MAP("0", "7", "2") "," MAP(
			  "2", "9", "1") "],'gidMappings':[" MAP("0", "0", "1") "]",
		  NULL },
		{ "'uidMappings':[" MAP("0", "7", "2") "],'gidMappings':[" MAP("0", "0", "1") "]",
		  "/linux/uidMappings: needs a namespace of type user" },
		{ NS("user") ",'uidMappings':[" MAP("0", "7", "2") "]",
		  "/linux/gidMappings: is missing: map user and group ids, or neither" },
		{ NS("user") ",'gidMappings':[" MAP("0", "7", "2") "]",
		  "/linux/uidMappings: is missing: map user and group ids, or neither" },
		{ NS("user") ",'uidMappings':[" MAP("0", "7", "0") "]",
		  "/linux/uidMappings/0/size: must be at least 1" },
		{ NS("user") ",'uidMappings':[" MAP("0", "0", "4294967295") "],'gidMappings':[" MAP(
			  "0", "0", "1") "]",
		  NULL },
		{ NS("user") ",'uidMappings':[" MAP("4294967295", "0", "1") "]",
		  "/linux/uidMappings/0/size: 1 ids from 4294967295 go past the last id" },
		{ NS("user") ",'uidMappings':[" MAP("0", "4294967294", "2") "]",
		  "/linux/uidMappings/0/size: 2 ids from 4294967294 go past the last id" },
		{ NS("user") ",'uidMappings':[" MAP("0", "10", "5") "," MAP("4", "20", "1") "]",
		  "/linux/uidMappings/1/containerID: ids 4 to 4 overlap with those of entry 0" },
		{ NS("user") ",'gidMappings':[" MAP("0", "10", "5") "," MAP("5", "14", "9") "]",
		  "/linux/gidMappings/1/hostID: ids 14 to 22 overlap with those of entry 0" },
		{ NS("time") ",'timeOffsets':{'boottime':{'secs':-1,'nanosecs':999999999}}", NULL },
		{ "'timeOffsets':{'monotonic':{'secs':1}}",
		  "/linux/timeOffsets: needs a new namespace of type time, without a path" },
		{ "'namespaces':[{'type':'time','path':'/x'}],'timeOffsets':{'monotonic':{}}",
		  "/linux/timeOffsets: needs a new namespace of type time, without a path" },
		{ NS("time") ",'timeOffsets':{'boottime':{'nanosecs':1000000000}}",
		  "/linux/timeOffsets/boottime/nanosecs: must be at most 999999999" },
		{ NS("time") ",'timeOffsets':{'monotonic':{'nanosecs':1000000000}}",
		  "/linux/timeOffsets/monotonic/nanosecs: must be at most 999999999" },
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples), LINUX);
}

static void too_many_id_mappings(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct text t = { .arena = &a };
	char line[ERR_LINE_MAX];
	struct err err;

	(void)state;
	text_add(&t, "{'ociVersion':'1.0.0','root':{'path':'r'},'linux':{'uidMappings':[");
	for (int i = 0; i < 341; i++)
		text_addf(&t, "%s{'containerID':%d,'hostID':%d,'size':1}", i ? "," : "", i, i);
	text_add(&t, "]}}");
	assert_int_equal(config_check(parsed(&a, t.s), &err), -1);
	assert_string_equal(err_line(&err, line, sizeof(line)),
			    "/linux/uidMappings: 341 entries are too many: the kernel takes 340");
}

#define DEVICE(type, path, rest) "'devices':[{'type':'" type "','path':'" path "'" rest "}]"
#define NUMBERS ",'major':1,'minor':3"
#define NET NS("network") ",'netDevices':"

static void devices_and_interfaces(void **state)
{
	static const struct sample samples[] = {
		{ DEVICE("c", "/dev/null", NUMBERS ",'fileMode':438"), NULL },
		{ DEVICE("c", "/dev/null", NUMBERS ",'fileMode':8630"), NULL },
		{ DEVICE("p", "/dev/pipe", ""), NULL },
		{ DEVICE("b", "/dev/null", NUMBERS ",'fileMode':8630"),
		  "/linux/devices/0/fileMode: 8630 is no permission of this device; JSON numbers "
		  "are decimal" },
		{ DEVICE("c", "/dev/null", NUMBERS ",'fileMode':65536"),
		  "/linux/devices/0/fileMode: 65536 is no permission of this device; JSON numbers "
		  "are decimal" },
		{ DEVICE("c", "dev/null", NUMBERS),
		  "/linux/devices/0/path: must be an absolute path of a file without .., is "
		  "\"dev/null\"" },
		{ DEVICE("c", "/dev/../etc/x", NUMBERS),
		  "/linux/devices/0/path: must be an absolute path of a file without .., is "
		  "\"/dev/../etc/x\"" },
		{ DEVICE("c", "/dev/", NUMBERS),
		  "/linux/devices/0/path: must be an absolute path of a file without .., is "
		  "\"/dev/\"" },
		{ DEVICE("u", "/dev/x", ",'major':1"),
		  "/linux/devices/0/minor: is missing: only a device of type p needs none" },
		{ DEVICE("b", "/dev/x", ",'minor':1"),
		  "/linux/devices/0/major: is missing: only a device of type p needs none" },
		{ DEVICE("c", "/dev/x", ",'major':-1,'minor':1"),
		  "/linux/devices/0/major: must be from 0 to 4095, is -1" },
		{ DEVICE("c", "/dev/x", ",'major':4096,'minor':1"),
		  "/linux/devices/0/major: must be from 0 to 4095, is 4096" },
		{ DEVICE("c", "/dev/x", ",'major':1,'minor':1048576"),
		  "/linux/devices/0/minor: must be from 0 to 1048575, is 1048576" },
		{ NET "{'eth0':{},'eth1':{'name':'up'}}", NULL },
		{ "'netDevices':{'eth0':{}}",
		  "/linux/netDevices: needs a namespace of type network" },
		{ NET "{'eth/0':{}}",
		  "/linux/netDevices: \"eth/0\" is no name of a network interface" },
		{ NET "{'eth0':{'name':'0123456789012345'}}",
		  "/linux/netDevices: \"0123456789012345\" is no name of a network interface" },
		{ NET "{'eth0':{'name':'..'}}",
		  "/linux/netDevices: \"..\" is no name of a network interface" },
		{ NET "{'eth0':{'name':'a b'}}",
		  "/linux/netDevices: \"a b\" is no name of a network interface" },
		{ NET "{'eth0':{'name':'eth1'},'eth1':{}}",
		  "/linux/netDevices: two interfaces are to be called \"eth1\"" },
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples), LINUX);
}

static void kernel_parameters_and_paths(void **state)
{
	static const struct sample samples[] = {
		{ NS("network") ",'sysctl':{'net.ipv4.ip_forward':'1','net/core/somaxconn':'1'}",
		  NULL },
		{ NS("ipc") ",'sysctl':{'kernel.shmmax':'1','fs.mqueue.msg_max':'1'}", NULL },
		{ NS("uts") ",'sysctl':{'kernel.domainname':'d'}", NULL },
		{ "'sysctl':{'net.ipv4.ip_forward':'1'}",
		  "/linux/sysctl: \"net.ipv4.ip_forward\" would change the host: add a namespace "
		  "of type network" },
		{ NS("network") ",'sysctl':{'kernel.shmmax':'1'}",
		  "/linux/sysctl: \"kernel.shmmax\" would change the host: add a namespace of type "
		  "ipc" },
		{ NS("network") ",'sysctl':{'kernel.core_pattern':'|/x'}",
		  "/linux/sysctl: \"kernel.core_pattern\" belongs to the whole host and cannot be "
		  "set" },
		{ NS("network") ",'sysctl':{'net/../kernel/core_pattern':'|/x'}",
		  "/linux/sysctl: \"net/../kernel/core_pattern\" is no name of a kernel "
		  "parameter" },
		{ NS("network") ",'sysctl':{'net.//.kernel.core_pattern':'|/x'}",
		  "/linux/sysctl: \"net.//.kernel.core_pattern\" is no name of a kernel "
		  "parameter" },
		{ NS("uts") ",'sysctl':{'kernel.hostname':'h'}",
		  "/linux/sysctl: set the property hostname instead of \"kernel.hostname\"" },
		{ NS("mount") ",'maskedPaths':['/a'],'readonlyPaths':['/b']", NULL },
		{ NS("mount") ",'maskedPaths':['/a','b']",
		  "/linux/maskedPaths/1: must be an absolute path, is \"b\"" },
		{ NS("mount") ",'readonlyPaths':['']",
		  "/linux/readonlyPaths/0: must be an absolute path, is \"\"" },
		{ "'cgroupsPath':'/a/b'", NULL },
		{ "'cgroupsPath':'user.slice:srt:1'", NULL },
		{ "'cgroupsPath':'/a/../../b'",
		  "/linux/cgroupsPath: \"/a/../../b\" leaves the cgroup tree: .. is refused" },
		{ "'cgroupsPath':'a\\nb'", "/linux/cgroupsPath: may not hold a line break" },
		{ "'intelRdt':{'closID':'c','memBwSchema':'MB:0=20','schemata':['L3:0=f']}", NULL },
		{ "'intelRdt':{'closID':'..'}",
		  "/linux/intelRdt/closID: \"..\" is no name of a directory; drop / and .." },
		{ "'intelRdt':{'closID':'a/b'}",
		  "/linux/intelRdt/closID: \"a/b\" is no name of a directory; drop / and .." },
		{ "'intelRdt':{'memBwSchema':'L3:0=f'}",
		  "/linux/intelRdt/memBwSchema: must be one line that begins with MB:, is "
		  "\"L3:0=f\"" },
		{ "'intelRdt':{'schemata':['a','b\\nc']}",
		  "/linux/intelRdt/schemata/1: must be one line" },
		{ "'memoryPolicy':{'mode':'MPOL_BIND','nodes':'0-1','flags':"
		  "['MPOL_F_NUMA_BALANCING']}",
		  NULL },
		{ "'memoryPolicy':{'mode':'MPOL_BIND','nodes':'x'}",
		  "/linux/memoryPolicy/nodes: \"x\" is no list like 0-3,7" },
		{ "'memoryPolicy':{'mode':'MPOL_LOCAL','nodes':'0'}",
		  "/linux/memoryPolicy/nodes: MPOL_LOCAL takes no nodes" },
		{ "'memoryPolicy':{'mode':'MPOL_BIND','nodes':'0','flags':"
		  "['MPOL_F_STATIC_NODES','MPOL_F_RELATIVE_NODES']}",
		  "/linux/memoryPolicy/flags: MPOL_F_RELATIVE_NODES and MPOL_F_STATIC_NODES "
		  "exclude each other" },
		{ "'memoryPolicy':{'mode':'MPOL_INTERLEAVE','nodes':'0','flags':"
		  "['MPOL_F_NUMA_BALANCING']}",
		  "/linux/memoryPolicy/flags: MPOL_F_NUMA_BALANCING belongs to MPOL_BIND" },
		{ "'personality':{'domain':'LINUX','flags':[]}", NULL },
		{ "'personality':{'domain':'LINUX','flags':['X']}",
		  "/linux/personality/flags: no flag is defined: drop \"X\"" },
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples), LINUX);
}

static void a_domain_name_is_said_once(void **state)
{
	static const struct sample samples[] = {
		{ "'domainname':'d','linux':{" NS("uts") ",'sysctl':{'kernel.domainname':'d'}}",
		  "/linux/sysctl: \"kernel.domainname\" contradicts the property domainname" },
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples), TOP);
}

static void resources(void **state)
{
	static const struct sample samples[] = {
		{ "'memory':{'limit':-1,'swap':-1,'swappiness':100,'reservation':0}", NULL },
		{ "'memory':{'limit':5,'swap':5}", NULL },
		{ "'memory':{'limit':-2}",
		  "/linux/resources/memory/limit: must be -1 (no limit) or more, is -2" },
		{ "'memory':{'limit':6,'swap':5}",
		  "/linux/resources/memory/swap: 5 is less than the limit 6: it counts memory and "
		  "swap" },
		{ "'memory':{'swappiness':101}",
		  "/linux/resources/memory/swappiness: must be at most 100" },
		{ "'cpu':{'quota':-1,'burst':9,'cpus':'0-1','mems':'','idle':1,'shares':0}", NULL },
		{ "'cpu':{'quota':5,'burst':6}",
		  "/linux/resources/cpu/burst: 6 is more than the quota 5" },
		{ "'cpu':{'quota':-2}",
		  "/linux/resources/cpu/quota: must be -1 (no limit) or more, is -2" },
		{ "'cpu':{'idle':2}", "/linux/resources/cpu/idle: must be 0 or 1, is 2" },
		{ "'cpu':{'cpus':'0..3'}",
		  "/linux/resources/cpu/cpus: \"0..3\" is no list like 0-3,7" },
		{ "'cpu':{'mems':'a'}", "/linux/resources/cpu/mems: \"a\" is no list like 0-3,7" },
		{ "'pids':{'limit':-1}", NULL },
		{ "'pids':{'limit':-5}",
		  "/linux/resources/pids/limit: must be -1 (no limit) or more, is -5" },
		{ "'devices':[{'allow':true,'type':'c','major':1,'minor':-1,'access':'rwm'}]",
		  NULL },
		{ "'devices':[{'allow':true,'access':'rx'}]",
		  "/linux/resources/devices/0/access: must be made of r, w and m, is \"rx\"" },
		{ "'devices':[{'allow':true,'major':-2}]",
		  "/linux/resources/devices/0/major: must be -1 (no limit) or more, is -2" },
		{ "'hugepageLimits':[{'pageSize':'2MB','limit':1},{'pageSize':'1GB','limit':0}]",
		  NULL },
		{ "'hugepageLimits':[{'pageSize':'02MB','limit':1}]",
		  "/linux/resources/hugepageLimits/0/pageSize: must be a size like 2MB or 1GB, is "
		  "\"02MB\"" },
		{ "'hugepageLimits':[{'pageSize':'2MB/../x','limit':1}]",
		  "/linux/resources/hugepageLimits/0/pageSize: must be a size like 2MB or 1GB, is "
		  "\"2MB/../x\"" },
		{ "'unified':{'memory.high':'1','io.max':'1'}", NULL },
		{ "'unified':{'../x':'1'}",
		  "/linux/resources/unified: \"../x\" is no file of a cgroup" },
		{ "'unified':{'a/b':'1'}",
		  "/linux/resources/unified: \"a/b\" is no file of a cgroup" },
		{ "'unified':{'cgroup.procs':'1'}",
		  "/linux/resources/unified: \"cgroup.procs\" is written by the runtime alone" },
		{ "'network':{'priorities':[{'name':'eth0 1','priority':1}]}",
		  "/linux/resources/network/priorities/0/name: \"eth0 1\" is no name of a network "
		  "interface" },
		{ "'rdma':{'':{}}", "/linux/resources/rdma: \"\" is no name of a device" },
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples), RESOURCES);
}

#define SECCOMP(rest) "'linux':{'seccomp':{'defaultAction':'SCMP_ACT_ALLOW'" rest "}}"
#define CALL(action, rest) \
	SECCOMP(",'syscalls':[{'names':['read'],'action':'SCMP_ACT_" action "'" rest "}]")

static void seccomp(void **state)
{
	static const struct sample samples[] = {
		{ CALL("ERRNO", ",'errnoRet':4095"), NULL },
		{ CALL("TRACE", ",'errnoRet':65535"), NULL },
		{ CALL("ERRNO", ",'errnoRet':4096"),
		  "/linux/seccomp/syscalls/0/errnoRet: must be at most 4095, is 4096" },
		{ CALL("ALLOW", ",'errnoRet':1"),
		  "/linux/seccomp/syscalls/0/errnoRet: SCMP_ACT_ALLOW returns no error number: "
		  "drop it" },
		{ CALL("ERRNO", ",'args':[{'index':5,'value':1,'op':'SCMP_CMP_EQ'}]"), NULL },
		{ CALL("ERRNO", ",'args':[{'index':6,'value':1,'op':'SCMP_CMP_EQ'}]"),
		  "/linux/seccomp/syscalls/0/args/0/index: must be at most 5, is 6" },
		{ CALL("NOTIFY", ""),
		  "/linux/seccomp/syscalls/0/action: SCMP_ACT_NOTIFY needs listenerPath" },
		{ CALL("NOTIFY", "") ",'annotations':{'run.oci.seccomp.receiver':'/s'}", NULL },
		{ SECCOMP(",'listenerPath':'/s','listenerMetadata':'m'"), NULL },
		{ SECCOMP(",'listenerMetadata':'m'"),
		  "/linux/seccomp/listenerMetadata: needs listenerPath" },
		{ SECCOMP(",'defaultErrnoRet':1"),
		  "/linux/seccomp/defaultErrnoRet: SCMP_ACT_ALLOW returns no error number: drop "
		  "it" },
		{ "'linux':{'seccomp':{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':38}}",
		  NULL },
		{ "'linux':{'seccomp':{'defaultAction':'SCMP_ACT_NOTIFY','listenerPath':'/s'}}",
		  "/linux/seccomp/defaultAction: SCMP_ACT_NOTIFY cannot be the default: name the "
		  "system calls" },
		{ SECCOMP(",'syscalls':[{'names':['read',''],'action':'SCMP_ACT_LOG'}]"),
		  "/linux/seccomp/syscalls/0/names/1: is empty: name a system call" },
	};

	(void)state;
	check_samples(samples, ARRAY_LEN(samples), TOP);
}

static void every_rule_names_its_clause(void **state)
{
	(void)state;
	for (size_t i = 0; rules_all[i]; i++)
		for (const struct rule *r = rules_all[i]; r->name; r++) {
			assert_true((r->config != NULL) != (r->process != NULL));
			assert_non_null(strstr(r->clause, ".md#"));
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_document_itself),
		cmocka_unit_test(host_names_and_hooks),
		cmocka_unit_test(what_runs_and_where),
		cmocka_unit_test(the_process),
		cmocka_unit_test(mounts),
		cmocka_unit_test(namespaces_and_ids),
		cmocka_unit_test(too_many_id_mappings),
		cmocka_unit_test(devices_and_interfaces),
		cmocka_unit_test(kernel_parameters_and_paths),
		cmocka_unit_test(a_domain_name_is_said_once),
		cmocka_unit_test(resources),
		cmocka_unit_test(seccomp),
		cmocka_unit_test(every_rule_names_its_clause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
