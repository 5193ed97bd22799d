import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** A name under which the browser finds this machine, and which is none of loopback's own. */
export const strangeName = 'breakwater.test';

/** The browser that the machine has, if it has one. */
export const chromiumPath = (process.env.PATH ?? '')
	.split(delimiter)
	.flatMap((folder) => names.map((name) => join(folder, name)))
	.find((path) => existsSync(path));

/** Starts it without a window, and without its sandbox, which root cannot have. */
export async function startChromium(): Promise<Browser> {
	if (chromiumPath === undefined) throw new Error('there is no Chromium on PATH');
	return chromium.launch({
		executablePath: chromiumPath,
		args: ['--no-sandbox', `--host-resolver-rules=MAP ${strangeName} 127.0.0.1`],
	});
}
