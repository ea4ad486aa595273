/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - runs a task's program as `python3 -c` would.
 *
 * By the interpreter's C interface: to run Python for it would write to a page for nearly each object that is looked at.
 * What is rare is zygote.py's. */
#include "runtime/sandbox/zygote/program.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "runtime/sandbox/zygote/copy.h"

#define FLUSH_FAILED 120 /* as the interpreter says it */

/* For its effect alone; false where it raised, of which nobody hears. */
static bool done(PyObject *result)
{
	if (!result)
		PyErr_Clear();
	Py_DecRef(result);
	return result != NULL;
}

/* --- the program --- */

/* A fresh __main__, which is never given back: the program may take it out of sys.modules. Its dictionary. */
static PyObject *begin_main(void)
{
	PyObject *main = PyModule_New("__main__"), *names;

	if (!main)
		return NULL;
	names = PyModule_GetDict(main);
	if (PyDict_SetItemString(names, "__builtins__", PyImport_AddModule("builtins")) < 0 ||
	    PyDict_SetItemString(PyImport_GetModuleDict(), "__main__", main) < 0)
		return NULL;
	return names;
}

static PyObject *run(const struct program_calls *c, PyObject *source)
{
	PyObject *names = begin_main(), *code, *result;

	if (!names)
		return NULL;
	code = PyObject_CallFunction(c->compile, "Ossii", source, "<string>", "exec", 0, 1);
	if (!code)
		return NULL;
	result = PyEval_EvalCode(code, names, names);
	Py_DecRef(code);
	return result;
}

/* The exit status of what was raised, negative a signal; what there is to say of it is said. */
static int fail(const struct program_calls *c)
{
	PyObject *type, *value, *trace, *status;

	PyErr_Fetch(&type, &value, &trace);
	PyErr_NormalizeException(&type, &value, &trace);
	if (trace)
		(void)PyException_SetTraceback(value, trace);
	status = PyObject_CallFunction(c->failed, "(O)", value);
	if (status)
		return (int)PyLong_AsLong(status);
	PyErr_Print(); /* of a hook of the task's; SystemExit ends us */
	return 1;
}

static int execute(const struct program_calls *c, PyObject *source)
{
	PyObject *result = run(c, source);

	if (!result)
		return fail(c);
	Py_DecRef(result);
	return 0;
}

/* --- its end --- */

static bool flush(const char *name)
{
	PyObject *stream = PySys_GetObject(name);

	return !stream || stream == &_Py_NoneStruct || done(PyObject_CallMethod(stream, "flush", NULL));
}

/* As the interpreter ends: its threads first, then what was registered, then the streams. */
static _Noreturn void finish(const struct program_calls *c, int status)
{
	PyObject *threading = PyDict_GetItemString(PyImport_GetModuleDict(), "threading");
	bool out, err;

	if (threading)
		(void)done(PyObject_CallMethod(threading, "_shutdown", NULL));
	(void)done(PyObject_CallObject(c->run_exit_functions, NULL));
	out = flush("stdout");
	err = flush("stderr");
	if ((!out || !err) && status == 0)
		status = FLUSH_FAILED;
	if (status < 0) {
		(void)signal(-status, SIG_DFL);
		(void)kill(getpid(), -status);
	}
	copy_finish(status);
}

/* --- */

/* The pages that any task writes are ours before one comes. */
static void rehearse(const struct program_calls *c)
{
	static const char nothing[] = "import sys\n";
	PyObject *source = PyBytes_FromStringAndSize(nothing, sizeof(nothing) - 1);

	(void)done(run(c, source));
	Py_DecRef(source);
	(void)flush("stdout");
	(void)flush("stderr");
}

void program_run(const struct program_calls *c, bool hasty)
{
	struct task_frame frame;
	PyObject *source, *variables;

	if (c->reseed != &_Py_NoneStruct && !done(PyObject_CallObject(c->reseed, NULL)))
		_exit(1);
	if (!hasty)
		rehearse(c);
	copy_ready(&frame);
	source = copy_read(frame.code);
	variables = frame.variables ? copy_read(frame.variables) : NULL;
	if (!source || (frame.variables && !variables))
		_exit(1);
	(void)close(LINE);
	if (variables && !done(PyObject_CallFunction(c->set_variables, "(O)", variables)))
		_exit(1);
	finish(c, execute(c, source));
}
