/** Where the proxy listens unless the configuration says otherwise. Alone in its file, so that help texts load no schema. */
export const defaultAddress = { host: '127.0.0.1', port: 4010 } as const;
