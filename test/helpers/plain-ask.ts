/** What a provider's dialect is asked to render, beside the request and the model: a first attempt, without settings. */
export const plainAsk = { streamUpstream: false, members: undefined, way: 'fresh', shown: '' } as const;
