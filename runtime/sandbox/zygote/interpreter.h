/* SPDX-License-Identifier: Apache-2.0 */
/* interpreter.h - what the zygote's native part calls of the interpreter that loads it: functions of its stable interface that
 * are there from 3.8 on, declared here as no header of it is needed to build. */
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
/* Borrowed ones: */
PyObject *PyImport_AddModule(const char *name);
PyObject *PyImport_GetModuleDict(void);
PyObject *PyModule_GetDict(PyObject *module);
PyObject *PyDict_GetItemString(PyObject *dict, const char *key);
PyObject *PySys_GetObject(const char *name);

char *PyBytes_AsString(PyObject *bytes);
long PyLong_AsLong(PyObject *n);
int PyDict_SetItemString(PyObject *dict, const char *key, PyObject *value);
int PyException_SetTraceback(PyObject *exception, PyObject *trace);
void PyErr_Clear(void);
void PyErr_Fetch(PyObject **type, PyObject **value, PyObject **trace);
void PyErr_NormalizeException(PyObject **type, PyObject **value, PyObject **trace);
void PyErr_Print(void);
void PyOS_AfterFork_Child(void);
void PyOS_AfterFork_Parent(void);
void PyOS_BeforeFork(void);
void Py_DecRef(PyObject *o); /* NULL is let be */

extern PyObject _Py_NoneStruct;
