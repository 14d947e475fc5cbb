using System.CommandLine;
using Minka.Engine.Speculation;

namespace Minka.Cli.Options;

/// <summary>Who guesses tokens ahead.</summary>
/// <param name="ModelName">A smaller model of the same tokens; null for the text so far.</param>
/// <param name="Max">Tokens guessed in one step.</param>
internal sealed record DraftChoice(string? ModelName, int Max);

/// <summary>The options of guessing ahead.</summary>
internal sealed class DraftFlags
{
    private readonly Option<Source?> _source = Flag.Choice<Source>(["--spec"], [("ngram", Source.Ngram)],
        "Guess tokens ahead from the text so far.");

    private readonly Option<string?> _model = Flag.Text(["--draft-model", "--model-draft", "-md"], "MODEL",
        "Guess them with a smaller model of the same tokens.");

    private readonly Option<int?> _max = Flag.Number(["--draft-max"], "N", 1, 64,
        "Guesses in one step at most (default: 15, of a model 4).");

    private enum Source
    {
        Ngram,
    }

    /// <summary>For the help.</summary>
    public OptionGroup Group => new("Guessing ahead (changes the speed, never the text)", [_source, _model, _max]);

    /// <summary>What was asked for; null for no guesses.</summary>
    /// <exception cref="UsageException">Options contradict each other.</exception>
    public DraftChoice? Read(ParseResult parse)
    {
        var (model, max) = (parse.GetValue(_model), parse.GetValue(_max));
        if (model is not null && parse.GetValue(_source) is not null)
            throw new UsageException("--spec ngram and --draft-model both guess tokens; give one of them.");
        if (model is not null) return new(model, max ?? ModelDrafter.DraftsByDefault);
        if (parse.GetValue(_source) is not null) return new(null, max ?? new NgramOptions().DraftsMax);
        return max is null
            ? null
            : throw new UsageException("--draft-max says how many tokens to guess; say how with --spec or "
                + "--draft-model.");
    }
}
