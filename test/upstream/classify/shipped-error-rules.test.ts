import { expect, it } from 'vitest';
import { loadErrorRules } from '../../../src/upstream/classify/load-error-rules.ts';
import { shippedErrorRules } from '../../../src/upstream/classify/shipped-error-rules.ts';

it('the shipped rules are those of config/error-rules.yaml, read once', () => {
	expect(shippedErrorRules()).toEqual(loadErrorRules('config/error-rules.yaml'));
	expect(shippedErrorRules()).toBe(shippedErrorRules());
});
