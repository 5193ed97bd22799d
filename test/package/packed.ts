import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../src/values/package-paths.ts';

/** What stands in a configuration of one's own and in `.env`, and must never be published. */
export const plantedSecret = 'planted-private-key-0001';

export interface Packed {
	tarball: string;
	/** Bytes of the tarball. */
	size: number;
	/** Paths in the package. */
	files: readonly string[];
}

/** Node is the one that runs the tests, wherever a script or a first line asks for `node`. */
export const pathWithNode = `${dirname(process.execPath)}:${process.env.PATH}`;

/**
 * Packs the package as `npm publish` would, from a copy of the sources: the checkout stays as it is.
 * @param work a folder to do it in
 * @throws Error with what npm said when it fails
 */
export function pack(work: string): Packed {
	const copy = join(work, 'copy');
	const isSource = (path: string) => !/^(?:node_modules|dist|logs|\.git)$/.test(path.slice(packageRoot.length + 1));
	cpSync(packageRoot, copy, { recursive: true, filter: isSource });
	symlinkSync(join(packageRoot, 'node_modules'), join(copy, 'node_modules'));
	writeFileSync(join(copy, 'config', 'gateway.yaml'), `# ${plantedSecret}\n`);
	writeFileSync(join(copy, '.env'), `OPENAI_API_KEY=${plantedSecret}\n`);
	const said = npm(copy, 'pack', '--json', '--pack-destination', work);
	// What the scripts say comes before it.
	const [packed] = JSON.parse(said.slice(said.indexOf('[\n')));
	const files = packed.files.map(({ path }: { path: string }) => path);
	return { tarball: join(work, packed.filename), size: packed.size, files };
}

/** Installs a tarball as `npm install --global` does, below a folder. @throws Error with what npm said when it fails */
export function installGlobally(tarball: string, prefix: string): void {
	mkdirSync(prefix, { recursive: true });
	npm(prefix, 'install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', tarball);
}

/** Whether the registry, which the package's dependencies come from, answers. */
export function canInstall(): boolean {
	const { status } = spawnSync('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=5000'], { timeout: 20_000 });
	return status === 0;
}

function npm(cwd: string, ...args: string[]): string {
	const env = { ...process.env, PATH: pathWithNode };
	const { status, stdout, stderr } = spawnSync('npm', args, { cwd, env, encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 });
	if (status === 0) return stdout;
	throw new Error(`npm ${args[0]} failed:\n${stdout}${stderr}`);
}
