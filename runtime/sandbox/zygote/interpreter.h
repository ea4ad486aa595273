/* SPDX-License-Identifier: Apache-2.0 */
/* interpreter.h - what the zygote's native part has of the interpreter that loads it: its stable interface as of 3.8, declared
 * here as no header of it is needed to build. (A build without the global lock has another.) */
#pragma once

#include <sys/types.h>

typedef struct _object PyObject;

/* New references, NULL with an exception set: */
PyObject *PyModule_New(const char *name);
PyObject *PyBytes_FromStringAndSize(const char *bytes, ssize_t size);
PyObject *PyEval_EvalCode(PyObject *code, PyObject *globals, PyObject *locals);
PyObject *PyObject_CallFunction(PyObject *callable, const char *format, ...);
PyObject *PyObject_CallMethod(PyObject *o, const char *name, const char *format, ...);
PyObject *PyObject_CallObject(PyObject *callable, PyObject *arguments);
PyObject *PyObject_GetAttrString(PyObject *o, const char *name);
PyObject *PyUnicode_DecodeUTF8(const char *bytes, ssize_t size, const char *errors);
/* Borrowed ones: */
PyObject *PyImport_AddModule(const char *name);
PyObject *PyImport_GetModuleDict(void);
PyObject *PyModule_GetDict(PyObject *module);
PyObject *PyDict_GetItemString(PyObject *dict, const char *key);
PyObject *PySys_GetObject(const char *name);
PyObject *PyErr_Occurred(void);
int PyDict_Next(PyObject *dict, ssize_t *at, PyObject **key, PyObject **value);

char *PyBytes_AsString(PyObject *bytes);
ssize_t PyBytes_Size(PyObject *bytes);
long PyLong_AsLong(PyObject *n);
int PyDict_SetItem(PyObject *dict, PyObject *key, PyObject *value);
int PyDict_SetItemString(PyObject *dict, const char *key, PyObject *value);
int PyErr_ExceptionMatches(PyObject *type);
int PyObject_IsInstance(PyObject *o, PyObject *type);
int PyObject_IsTrue(PyObject *o);
void PyErr_Clear(void);
void PyErr_Fetch(PyObject **type, PyObject **value, PyObject **trace);
void PyErr_NormalizeException(PyObject **type, PyObject **value, PyObject **trace);
void PyErr_Print(void); /* of SystemExit it ends the interpreter */
void PyErr_Restore(PyObject *type, PyObject *value, PyObject *trace);
void PyErr_WriteUnraisable(PyObject *where);
void *PyThread_tss_alloc(void);
int PyThread_tss_create(void *key);
void PyThread_tss_delete(void *key);
void PyThread_tss_free(void *key);
void PyOS_AfterFork_Child(void);
void PyOS_AfterFork_Parent(void);
void PyOS_BeforeFork(void);
void Py_DecRef(PyObject *o); /* NULL is let be */

extern PyObject _Py_NoneStruct, PyFunction_Type, PyLong_Type, PyModule_Type, PyType_Type;
extern PyObject *PyExc_KeyboardInterrupt, *PyExc_OSError, *PyExc_SystemExit;

/* --- a module --- */

#define STABLE_ABI 3
#define METH_VARARGS 1
#define METH_NOARGS 4

struct PyMethodDef {
	const char *name;
	PyObject *(*call)(PyObject *self, PyObject *arguments);
	int flags;
	const char *doc;
};
struct PyModuleDef {
	ssize_t count; /* of references */
	void *type;
	PyObject *(*init)(void);
	ssize_t index;
	PyObject *copy;
	const char *name, *doc;
	ssize_t size; /* of the module's state; -1: it is in globals */
	struct PyMethodDef *methods;
	void *slots, *traverse, *clear, *free;
};

PyObject *PyModule_Create2(struct PyModuleDef *module, int abi);
PyObject *PyErr_SetFromErrno(PyObject *type);
PyObject *Py_BuildValue(const char *format, ...);
int PyArg_ParseTuple(PyObject *tuple, const char *format, ...);
