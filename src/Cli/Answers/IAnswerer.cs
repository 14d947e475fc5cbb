using Minka.Cli.Options;

namespace Minka.Cli.Answers;

/// <summary>From a prompt to text that appears as it is made: here, or on a server.</summary>
internal interface IAnswerer : IAsyncDisposable
{
    /// <summary>For people.</summary>
    string ModelName { get; }

    /// <summary>Answers, telling <paramref name="write"/> each piece of text as it is sure.</summary>
    /// <param name="prompt">Messages or text.</param>
    /// <param name="options">Sampling and ends.</param>
    /// <param name="write">Shown the text piece by piece.</param>
    /// <param name="cancellation">Ends the answer early; what was made so far is reported.</param>
    Task<AnswerReport> AnswerAsync(
        Prompt prompt, AnswerOptions options, Action<string> write, CancellationToken cancellation);
}
