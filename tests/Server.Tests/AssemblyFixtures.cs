[assembly: AssemblyFixture(typeof(Minka.Server.Tests.TinyServer))]
