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

/* source: bytes. As text it has no cookie, which says what its bytes are. */
static PyObject *compile(const struct program_calls *c, PyObject *source)
{
	PyObject *text = PyUnicode_DecodeUTF8(PyBytes_AsString(source), PyBytes_Size(source),
					      "surrogateescape");
	PyObject *code = NULL;

	if (text)
		code = PyObject_CallFunction(c->compile, "Ossii", text, "<string>", "exec", 0, 1);
	Py_DecRef(text);
	return code;
}

static PyObject *run(const struct program_calls *c, PyObject *names, PyObject *source)
{
	PyObject *code = names ? compile(c, source) : NULL, *result;

	if (!code)
		return NULL;
	result = PyEval_EvalCode(code, names, names);
	Py_DecRef(code);
	return result;
}

/* Whether it ends with a number, or with none, which is 0. */
static bool is_plain_exit(PyObject *value, int *status)
{
	PyObject *code = PyObject_GetAttrString(value, "code");
	bool none = code == &_Py_NoneStruct;

	if (!code || (!none && PyObject_IsInstance(code, &PyLong_Type) != 1)) {
		PyErr_Clear();
		return false;
	}
	*status = none ? 0 : (int)PyLong_AsLong(code) & 0xff;
	PyErr_Clear(); /* too large: -1, as the interpreter has it */
	return true;
}

/* The exit status of what was raised, negative a signal; what there is to say of it the interpreter says, and ends itself where
 * that is to say why a program ends. */
static int fail(void)
{
	bool interrupted = PyErr_Occurred() == PyExc_KeyboardInterrupt;
	PyObject *type, *value, *trace;
	int status;

	if (PyErr_ExceptionMatches(PyExc_SystemExit)) {
		PyErr_Fetch(&type, &value, &trace);
		PyErr_NormalizeException(&type, &value, &trace);
		if (is_plain_exit(value, &status))
			return status;
		PyErr_Restore(type, value, trace);
	}
	PyErr_Print();
	return interrupted ? -SIGINT : 1;
}

static int execute(const struct program_calls *c, PyObject *names, PyObject *source)
{
	PyObject *result = run(c, names, source);

	if (!result)
		return fail();
	Py_DecRef(result);
	return 0;
}

/* --- its end --- */

static bool is_closed(PyObject *stream)
{
	PyObject *closed = PyObject_GetAttrString(stream, "closed");
	bool is = closed && PyObject_IsTrue(closed) == 1;

	PyErr_Clear();
	Py_DecRef(closed);
	return is;
}

/* Of standard output is said what failed. */
static bool flush(const char *name, bool says)
{
	PyObject *stream = PySys_GetObject(name), *result, *type, *value, *trace;

	if (!stream || stream == &_Py_NoneStruct)
		return true;
	result = PyObject_CallMethod(stream, "flush", NULL);
	if (result)
		return done(result);
	PyErr_Fetch(&type, &value, &trace);
	if (is_closed(stream))
		return true;
	PyErr_Restore(type, value, trace);
	if (says)
		PyErr_WriteUnraisable(stream);
	PyErr_Clear();
	return false;
}

static bool flush_both(const char *out, const char *err)
{
	bool flushed = flush(out, true);

	return flush(err, false) && flushed;
}

/* What runs at the end of something else may need it. */
static bool is_code(PyObject *value)
{
	return PyObject_IsInstance(value, &PyModule_Type) == 1 ||
	       PyObject_IsInstance(value, &PyFunction_Type) == 1 ||
	       PyObject_IsInstance(value, &PyType_Type) == 1;
}

/* What the program's own names alone hold ends: what was written to an open file goes there. */
static void end_names(PyObject *names)
{
	PyObject *key, *value;
	ssize_t at = 0;

	while (PyDict_Next(names, &at, &key, &value))
		if (value != &_Py_NoneStruct && !is_code(value))
			(void)PyDict_SetItem(names, key, &_Py_NoneStruct);
	PyErr_Clear();
}

/* As the interpreter ends: its threads first, then what was registered, then the streams, then what is left, and
 * the streams that it began with. */
static _Noreturn void finish(const struct program_calls *c, PyObject *names, int status)
{
	PyObject *threading = PyDict_GetItemString(PyImport_GetModuleDict(), "threading");
	bool flushed;

	if (threading)
		(void)done(PyObject_CallMethod(threading, "_shutdown", NULL));
	(void)done(PyObject_CallObject(c->run_exit_functions, NULL));
	flushed = flush_both("stdout", "stderr");
	if (names)
		end_names(names);
	flushed = flush_both("__stdout__", "__stderr__") && flushed;
	if (!flushed && status == 0)
		status = FLUSH_FAILED;
	if (status < 0) {
		(void)signal(-status, SIG_DFL);
		(void)kill(getpid(), -status);
	}
	copy_finish(status);
}

/* --- */

bool program_reseed(const struct program_calls *c)
{
	return c->reseed == &_Py_NoneStruct || done(PyObject_CallObject(c->reseed, NULL));
}

static void try(const struct program_calls *c, const char *program)
{
	PyObject *source = PyBytes_FromStringAndSize(program, (ssize_t)strlen(program));

	(void)done(run(c, begin_main(), source));
	Py_DecRef(source);
}

void program_begin(const struct program_calls *c)
{
	try(c, "pass\n");
}

void program_rehearse(const struct program_calls *c)
{
	try(c, "import sys\n");
	(void)flush_both("stdout", "stderr");
}

void program_run(const struct program_calls *c, bool hasty)
{
	struct task_frame frame;
	PyObject *source, *variables, *names;

	if (!program_reseed(c))
		_exit(1);
	/* The pages that any task writes are ours before one comes. */
	if (!hasty)
		program_rehearse(c);
	copy_ready(&frame);
	source = copy_read(frame.code);
	variables = frame.variables ? copy_read(frame.variables) : NULL;
	if (!source || (frame.variables && !variables))
		_exit(1);
	(void)close(LINE);
	if (variables && !done(PyObject_CallFunction(c->set_variables, "(O)", variables)))
		_exit(1);
	names = begin_main();
	finish(c, names, execute(c, names, source));
}
