// Run once, by the image's entry point, while the database is empty: the workers' user, who may use one database only.
db.getSiblingDB("callsift").createUser({
  user: "callsift",
  pwd: process.env.MONGO_PASSWORD,
  roles: [{ role: "readWrite", db: "callsift" }],
});
