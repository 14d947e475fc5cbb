namespace Minka.LoadTest;

/// <summary>A server, a file or a setting cannot be measured with: what was found, what is needed.</summary>
/// <param name="message">One sentence for a person.</param>
/// <param name="cause">What was caught; null for nothing.</param>
public sealed class LoadTestException(string message, Exception? cause = null) : Exception(message, cause);
