/* SPDX-License-Identifier: Apache-2.0 */
/* module.c - the zygote's native part as a module of the interpreter's, which loads it without any module of its own that a copy
 * would have for nothing. */

#include <stddef.h>

#include "runtime/sandbox/zygote/text.h"
#include "runtime/sandbox/zygote/zygote.h"

static struct zygote *zygote;

/* begin(socket): it is ours from now on. */
static PyObject *begin(PyObject *self, PyObject *arguments)
{
	int sock;

	(void)self;
	if (!PyArg_ParseTuple(arguments, "i", &sock))
		return NULL;
	zygote = zygote_begin(sock);
	return zygote ? Py_BuildValue("") : PyErr_SetFromErrno(PyExc_OSError);
}

/* rehearse(compile) */
static PyObject *rehearse(PyObject *self, PyObject *arguments)
{
	struct program_calls c = { 0 };

	(void)self;
	if (!PyArg_ParseTuple(arguments, "O", &c.compile))
		return NULL;
	program_rehearse(&c);
	return Py_BuildValue("");
}

/* serve(compile, reseed, set_variables, run_exit_functions): for as long as there is a pool. */
static PyObject *serve(PyObject *self, PyObject *arguments)
{
	struct program_calls c;

	(void)self;
	if (!PyArg_ParseTuple(arguments, "OOOO", &c.compile, &c.reseed, &c.set_variables,
			      &c.run_exit_functions))
		return NULL;
	zygote_serve(zygote, &c);
}

static PyObject *share(PyObject *self, PyObject *arguments)
{
	(void)self;
	(void)arguments;
	return text_share() < 0 ? PyErr_SetFromErrno(PyExc_OSError) : Py_BuildValue("");
}

PyObject *PyInit_zygote(void);

PyObject *PyInit_zygote(void)
{
	static struct PyMethodDef methods[] = {
		{ "begin", begin, METH_VARARGS, NULL },
		{ "rehearse", rehearse, METH_VARARGS, NULL },
		{ "serve", serve, METH_VARARGS, NULL },
		{ "share_text", share, METH_NOARGS, NULL },
		{ 0 },
	};
	static struct PyModuleDef module = {
		.count = 1, .name = "zygote", .size = -1, .methods = methods
	};

	return PyModule_Create2(&module, STABLE_ABI);
}
