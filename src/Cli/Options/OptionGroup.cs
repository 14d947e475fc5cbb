using System.CommandLine;

namespace Minka.Cli.Options;

/// <summary>Options that are read together in the help.</summary>
/// <param name="Title">Heading.</param>
/// <param name="Options">In reading order.</param>
internal sealed record OptionGroup(string Title, IReadOnlyList<Option> Options);

/// <summary>A command as one would type it, and what it is for.</summary>
internal sealed record Example(string Line, string Purpose);
