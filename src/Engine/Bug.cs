namespace Minka.Engine;

/// <summary>Words for what cannot be: a programmer's error, not an operator's.</summary>
internal static class Bug
{
    /// <summary>An exception that says what does not add up.</summary>
    public static InvalidOperationException Found(string what) => new($"{what} This is a bug in the engine.");
}
