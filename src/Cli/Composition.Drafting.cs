using Minka.Cli.Options;
using Minka.Engine.Speculation;
using Minka.Models;
using Minka.Models.Tokenization;

namespace Minka.Cli;

/// <summary>Who guesses tokens ahead, and what it holds.</summary>
internal sealed record OpenDrafter(IDrafter Drafter, IDisposable? Held);

internal static partial class Composition
{
    /// <summary>Makes what guesses tokens for a model that is loaded.</summary>
    /// <param name="choice">The model, and who guesses for it.</param>
    /// <param name="package">The model's files.</param>
    /// <param name="options">How the model is held.</param>
    /// <param name="terminal">Where progress is shown.</param>
    /// <exception cref="ModelFormatException">The smaller model has other tokens, or does not fit.</exception>
    private static OpenDrafter? OpenDrafter(
        ModelChoice choice, ModelPackage package, ModelLoadOptions options, Terminal terminal)
    {
        if (choice.Draft is not { } draft) return null;
        if (DraftChoiceOf(choice) is not { Name: var name } chosen)
        {
            var perStep = Math.Max(draft.Max, new NgramOptions().DraftsPerStepMax);
            return new(new NgramDrafter(new() { DraftsMax = draft.Max, DraftsPerStepMax = perStep }), null);
        }

        var sequences = options.Limits.Sequences;
        var small = Open(chosen, terminal, new ModelRoom(
            (options.KvBlocks - SpareBlocks) * ForwardInput.BlockTokens, options.Limits.Tokens, LogitRows: sequences,
            sequences));
        try
        {
            RequireSameTokens(package.Tokenizer, small.Package.Tokenizer, name);
            return new(new ModelDrafter(small.Model, package.Config.VocabularySize, draft.Max), small);
        }
        catch (ArgumentException otherVocabulary)
        {
            small.Dispose();
            throw new ModelFormatException(otherVocabulary.Message);
        }
        catch
        {
            small.Dispose();
            throw;
        }
    }

    /// <summary>The smaller model that guesses, run as the large one is, but on this machine; null for none.</summary>
    private static ModelChoice? DraftChoiceOf(ModelChoice choice) => choice.Draft?.ModelName is { } name
        ? choice with { Name = name, TokenizerPath = null, Draft = null, Cluster = null }
        : null;

    /// <summary>Guesses are ids, so the same id must say the same in both models.</summary>
    private static void RequireSameTokens(Tokenizer large, Tokenizer small, string name)
    {
        for (var id = 0; id < Math.Min(large.VocabularySize, small.VocabularySize); id++)
        {
            if (large.IsSpecial(id) && small.IsSpecial(id)) continue;
            if (!large.TokenBytes(id).SequenceEqual(small.TokenBytes(id)))
                throw new ModelFormatException($"'{name}' cannot guess for this model: token {id} is "
                    + $"'{small.TokenText(id)}' there and '{large.TokenText(id)}' here. Take a smaller model of the "
                    + "same family.");
        }
    }
}
