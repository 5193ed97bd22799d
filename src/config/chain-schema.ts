import { z } from 'zod';
import { amount, flag, list, section, table, text, textThat } from './fields.ts';
import { targetPolicy } from './policy-schema.ts';
import { headerContent, ownHeaderName } from './provider-schema.ts';
import { request } from './request-schema.ts';
import { isTarget } from './targets.ts';

const mistake = 'is not a target; write `provider/model`, such as `openai/gpt-5.4`';

const target = textThat(isTarget, mistake);

/** It stands in headers of requests, too. */
const tierName = textThat(
	(name) => /^[A-Za-z][\w.-]{0,79}$/.test(name),
	'is not the name of a tier; begin it with a letter, and go on with letters, digits, `-`, `_` and `.`',
);

/** Targets by what they cost, the cheapest tier first. */
export const tiers = table(tierName, list(target, 1000, 'write for example `[openai/gpt-5.4-mini, local/qwen]`'));

const entry = section({
	target: target.describe('The target, `provider/model`. Required.'),
	request: request
		.exactOptional()
		.describe('What is set in the requests to this target, over what its provider and its model say.'),
	headers: table(ownHeaderName, headerContent)
		.exactOptional()
		.describe('Further request headers of this target, over those of its provider. Default: none.'),
	weight: amount(0, 1_000_000)
		.exactOptional()
		.describe(
			'Its share of the requests with `order: weighted`, to those of the others; with 0 it is tried last. Default: 1.',
		),
	policy: targetPolicy
		.exactOptional()
		.describe('What differs for this target from the policies of file, provider and profile.'),
});

/** How many targets a chain may have. */
export const mostTargets = 100;

const help = 'write for example `[openai/gpt-5.4, local/qwen]`';

/** Targets, each as its name alone, or as a map with settings of its own. */
const targets = list(
	z
		.union([target, entry], { error: mistake })
		.transform((candidate) => (typeof candidate === 'string' ? { target: candidate } : candidate)),
	mostTargets,
	help,
);

/** Families of models, of which the chain is made. */
const rule = section({
	models: list(text(), mostTargets, 'write for example `[claude-sonnet, gpt-5]`').describe(
		'Families of models, the beginnings of their names, in the order in which they are tried. Required.',
	),
	acrossProviders: flag()
		.exactOptional()
		.describe('Whether the models of a family are asked for at its other providers, too. Default: false.'),
});

/** The targets of a profile, as a list or by a rule. */
export const chain = z.union([targets, rule], { error: `is not a list; ${help}` });

/** One target as the file gives it. */
export type FileCandidate = z.output<typeof entry>;
