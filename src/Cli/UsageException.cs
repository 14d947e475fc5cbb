namespace Minka.Cli;

/// <summary>The command line does not make sense: what was found, what to write instead.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>There is no model where one was named.</summary>
internal sealed class ModelNotFoundException(string message) : Exception(message);
