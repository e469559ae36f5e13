/** What survives a journalled step, a ledger item or a wire: JSON and nothing else. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
