/* SPDX-License-Identifier: Apache-2.0 */
/* true.c - the payload that does nothing, so that what is measured is the start. */

int main(void)
{
	return 0;
}
