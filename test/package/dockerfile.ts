import { cpSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface Instruction {
	name: string;
	/** What follows the name, on one line. */
	text: string;
}

export interface Stage {
	name: string;
	base: string;
	instructions: readonly Instruction[];
}

/** The stages of a Dockerfile; comments are left out, and lines that are continued are one. */
export function stagesOf(dockerfile: string): Stage[] {
	const lines = dockerfile
		.replace(/^\s*#.*\n/gm, '')
		.replace(/\\\n\s*/g, '')
		.split('\n')
		.filter((line) => line.trim() !== '');
	const stages: (Stage & { instructions: Instruction[] })[] = [];
	for (const line of lines) {
		const [, name = '', text = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
		if (name === '') throw new Error(`not an instruction: ${line}`);
		const [, base = '', stage = ''] = (name === 'FROM' && /^(\S+)(?: AS (\S+))?$/.exec(text)) || [];
		if (base !== '') stages.push({ name: stage, base, instructions: [] });
		else stages.at(-1)?.instructions.push({ name, text });
	}
	return stages;
}

/** The words of an instruction in its JSON form. @throws when it is written in the form of a shell */
export function wordsOf(stage: Stage, name: string): string[] {
	const text = stage.instructions.find((instruction) => instruction.name === name)?.text ?? '';
	return JSON.parse(text.slice(text.indexOf('[')));
}

export interface Copy {
	/** The stage that it copies from; absent: the build context. */
	from?: string;
	sources: string[];
	target: string;
}

export function copyOf({ text }: Instruction): Copy {
	const words = text.split(' ');
	const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
	const paths = words.filter((word) => !word.startsWith('--'));
	return { ...(from !== undefined && { from }), sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}

/** Whether a file of the context is kept from the builder, by https://docs.docker.com/build/concepts/context/#dockerignore-files */
export function isIgnored(dockerignore: string, file: string): boolean {
	const patterns = dockerignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
	const parents = file.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
	const last = patterns.findLast((pattern) => parents.some((path) => globOf(pattern).test(path)));
	return last !== undefined && !last.startsWith('!');
}

/** Unlike a shell's, a `*` here takes names that begin with a dot, too. */
function globOf(pattern: string): RegExp {
	const glob = pattern.replace(/^!/, '').replace(/[.+^$()|[\]{}]/g, '\\$&');
	return new RegExp(`^${glob.replace(/\*\*\/|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(?:.*/)?'))}$`);
}

/** Plays a COPY with folders for the file systems of the stages. */
export function playCopy(copy: Copy, from: string, root: string, workingDirectory: string): void {
	const target = copy.target.startsWith('/') ? join(root, copy.target) : join(root, workingDirectory, copy.target);
	for (const source of copy.sources) {
		const isFolder = copy.target.endsWith('/');
		mkdirSync(isFolder ? target : join(target, '..'), { recursive: true });
		cpSync(join(from, source), isFolder ? join(target, basename(source)) : target, {
			recursive: true,
			verbatimSymlinks: true,
		});
	}
}
