/** Users and organizations have short names for ids. */
export const USER_ID = /^[a-z][a-z0-9-]{0,39}$/;

/** Bots are numbered; nine digits always fit the database's integer. */
export const BOT_ID = /^[1-9]\d{0,8}$/;
