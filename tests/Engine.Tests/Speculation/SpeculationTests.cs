using Minka.Engine.Constraints;
using Minka.Engine.Sampling;
using Minka.Engine.Scheduling;
using Minka.Engine.Speculation;
using Minka.Engine.Tests.Constraints;
using Minka.Engine.Tests.Fakes;
using Minka.Models;

namespace Minka.Engine.Tests.Speculation;

/// <summary>Guesses save steps and change nothing else.</summary>
public class SpeculationTests
{
    private static readonly SchedulerOptions Scheduling =
        new() { SequencesMax = 4, TokensPerStepMax = 64, LogitRowsMax = 32 };

    [Theory]
    [InlineData("1 2 3 9 1 2 3", 4, "9 1 2")]
    [InlineData("1 2 3 4 5 6 7 8 9 1 2 3 4 5 6", 15, "7 8 9 1 2 3")]
    [InlineData("1 2 3 4 5 6 7 8 9 0 2 3 4 5 6", 15, "7 8 9 0 2")]
    [InlineData("1 2 3 9 1 2 3", 2, "9 1")]
    [InlineData("1 2 5 8 2 5 7 1 2 5", 1, "8")]
    [InlineData("2 5 8 2 5 7 2 5", 3, "7 2")]
    [InlineData("4 4 4 4", 3, "4 4 4")]
    [InlineData("9 4 5 4 5 4 5", 6, "4 5 4 5")]
    [InlineData("1 2 3 4", 3, "")]
    [InlineData("1 2 3 2", 3, "")]
    [InlineData("7", 3, "")]
    public void An_ngram_goes_on_as_at_its_latest_longest_match_as_far_as_that_is_long(
        string tokens, int count, string guess)
    {
        var drafter = new NgramDrafter(new());

        var guessed = new int[count];
        var found = drafter.Guess([.. tokens.Split(' ').Select(int.Parse)], guessed);

        Assert.Equal(guess, string.Join(' ', guessed.Take(found)));
    }

    [Fact]
    public void Guessing_grows_while_it_is_right_and_rests_ever_longer_while_it_is_wrong()
    {
        var length = new DraftLength();
        Assert.Equal(4, length.Next(64));
        length.Learn(4, 4);
        Assert.Equal(8, length.Next(64));
        length.Learn(8, 2);
        Assert.Equal(4, length.Next(64));
        length.Learn(4, 3);
        Assert.Equal(4, length.Next(64));
        length.Learn(4, 4);
        length.Learn(8, 0);
        Assert.Equal(0, length.Next(64));
        Assert.Equal(2, length.Next(64));

        var drafted = 0;
        for (var step = 0; step < 1000; step++)
        {
            var count = length.Next(64);
            if (count > 0) length.Learn(count, 0);
            drafted += count;
        }
        Assert.InRange(drafted, 1, 20);
    }

    [Fact]
    public void A_rest_is_over_when_what_was_foreseen_meanwhile_comes_true()
    {
        var length = new DraftLength();
        length.Learn(4, 0);
        Assert.Equal(0, length.Next(64));       // rests one step, then tries again
        length.Learn(length.Next(64), 0);       // and rests four
        Assert.Equal(0, length.Next(64));

        length.Foresee(2, 7);
        length.Look([5, 6]);                    // not known yet
        Assert.Equal(0, length.Next(64));
        length.Look([5, 6, 8]);                 // wrong
        Assert.Equal(0, length.Next(64));
        length.Foresee(3, 9);
        length.Look([5, 6, 8, 9]);
        Assert.Equal(1, length.Next(64));
    }

    public static TheoryData<string, float> Drafters => new()
    {
        { "ngram", 0 }, { "ngram", 0.7f }, { "same model", 0 }, { "same model", 1 }, { "like model", 0 },
        { "like model", 1 }, { "other model", 1 },
    };

    [Theory, MemberData(nameof(Drafters))]
    public async Task Texts_are_the_same_with_and_without_guesses(string kind, float temperature)
    {
        var memory = kind == "ngram" ? 1 : 0;
        var requests = Enumerable.Range(0, 9).Select(i => new GenerationRequest
        {
            Prompt = Enumerable.Range(i, 5 + 4 * i).Select(p => p % 40).ToArray(),
            TokensMax = 60,
            StopIds = [63],
            Sampling = new() { Temperature = temperature, Seed = (ulong)i, TopK = 12, FrequencyPenalty = i % 2 * 0.1f },
        }).ToArray();
        await using var plain = new EngineFixture(Scheduling, memory: memory);
        var expected = await Task.WhenAll(requests.Select(plain.TextsAsync));

        // Few blocks, so that guesses also meet preemption.
        var options = new EngineOptions { Drafter = DrafterOf(kind) };
        await using var guessing = new EngineFixture(
            Scheduling, kvBlocks: 20, options, memory: memory, starts: false);
        var texts = await Task.WhenAll(guessing.StartWith(requests).Select(EngineFixture.TextsOf));

        Assert.Equal(expected, texts);
        var counters = guessing.Engine.Counters;
        Assert.True(counters.DraftedTokens > 0);
        if (kind == "same model") Assert.True(counters.AcceptedTokens > counters.DraftedTokens * 8 / 10);
        if (kind == "ngram") Assert.True(counters.AcceptedTokens > 0);
        // A wrong guess that stayed in the draft model's memory would spoil every later one.
        if (kind == "like model")
            Assert.True(counters.AcceptedTokens * 6 > counters.DraftedTokens,
                $"{counters.AcceptedTokens} accepted of {counters.DraftedTokens}.");
    }

    [Fact]
    public async Task Guesses_that_are_right_save_steps()
    {
        var request = new GenerationRequest
        {
            Prompt = Enumerable.Range(0, 10).ToArray(), TokensMax = 200, Sampling = SamplingOptions.Greedy,
        };
        await using var plain = new EngineFixture(Scheduling, memory: 1);
        await using var guessing = new EngineFixture(
            Scheduling, options: new() { Drafter = new NgramDrafter(new()) }, memory: 1);

        Assert.Equal(await plain.TextAsync(request), await guessing.TextAsync(request));
        Assert.True(guessing.Engine.Counters.Steps * 3 < plain.Engine.Counters.Steps,
            $"{guessing.Engine.Counters.Steps} steps instead of {plain.Engine.Counters.Steps}.");
    }

    [Fact]
    public async Task A_constraint_holds_for_guessed_tokens_too()
    {
        var request = new GenerationRequest
        {
            Prompt = new[] { 3, 4 }, TokensMax = 300,
            Constraint = Constraint.Regex("\\[(\"ab[cd]\", ){20}\\]"),
        };
        var options = new EngineOptions { Vocabulary = Vocabularies.Small, EosIds = [Vocabularies.Eos] };
        var size = Vocabularies.Small.Count;
        await using var plain = new EngineFixture(Scheduling, options: options, vocabularySize: size);
        await using var guessing = new EngineFixture(
            Scheduling, options: options with { Drafter = new NgramDrafter(new()) }, vocabularySize: size);

        Assert.Equal(await plain.TextAsync(request), await guessing.TextAsync(request));
        Assert.True(guessing.Engine.Counters.AcceptedTokens > 0);
    }

    /// <summary>Filters that look at the text, a constraint, a least length, log-probabilities: each row sees the text
    /// as it would be without guesses.</summary>
    [Theory, InlineData("ngram"), InlineData("model")]
    public async Task Everything_that_a_request_can_ask_for_holds_with_guesses(string kind)
    {
        var size = Vocabularies.Small.Count;
        var requests = Enumerable.Range(0, 8).Select(i => new GenerationRequest
        {
            Prompt = Enumerable.Range(i, 6 + 5 * i).Select(p => p % 40).ToArray(),
            TokensMax = 120,
            TokensMin = 30,
            StopIds = [1 + 'b'],
            WantsLogprobs = i % 2 == 0,
            TopLogprobs = 3,
            Choices = 1 + i % 3,
            Constraint = i % 4 == 3 ? null : Constraint.Regex("(\\[(\"ab?[cd]\", ?)+\\])+"),
            Sampling = new()
            {
                Temperature = i == 5 ? 0 : 0.8f, Seed = (ulong)i, MinP = 0.01f, TypicalP = 0.95f,
                RepetitionPenalty = 1.05f, PresencePenalty = 0.2f, PenaltyWindow = 40, DryMultiplier = 0.3f,
                DryAllowedLength = 4, XtcProbability = 0.3f, XtcThreshold = 0.05f,
                BadWords = i % 2 == 0 ? [[1 + 'd', 1 + '"']] : [],
                LogitBias = new Dictionary<int, float> { [1 + 'c'] = 1 },
            },
        }).ToArray();
        var options = new EngineOptions { Vocabulary = Vocabularies.Small, EosIds = [Vocabularies.Eos] };
        await using var plain = new EngineFixture(
            Scheduling, 200, options, vocabularySize: size, memory: 1);
        var expected = await Task.WhenAll(plain.StartWith(requests).Select(SaidAsync));

        IDrafter drafter = kind == "ngram" ? new NgramDrafter(new()) : new ModelDrafter(ModelOf(size, memory: 1), size);
        await using var guessing = new EngineFixture(
            Scheduling, 40, options with { Drafter = drafter }, vocabularySize: size, memory: 1, starts: false);
        var said = await Task.WhenAll(guessing.StartWith(requests).Select(SaidAsync));

        Assert.Equal(expected, said);
        var counters = guessing.Engine.Counters;
        Assert.InRange(counters.AcceptedTokens, 50, counters.DraftedTokens);
    }

    /// <summary>All that a request says: tokens, ends and log-probabilities.</summary>
    private static async Task<string> SaidAsync(Generation generation)
    {
        var choices = await Completion.ReadAsync(generation, TestContext.Current.CancellationToken);
        return string.Join("\n", choices.Select(choice => $"{string.Join(' ', choice.Ids)} {choice.Finish} "
            + string.Join(' ', choice.Logprobs.Select(at => $"{at.Chosen} {string.Join(',', at.Top)}"))));
    }

    [Fact]
    public async Task What_is_drawn_has_the_models_own_distribution()
    {
        const int vocabulary = 8, draws = 4000;
        var draft = ModelOf(vocabulary, noise: 3);
        await using var fixture = new EngineFixture(
            Scheduling, 200, new() { Drafter = new ModelDrafter(draft, vocabulary) }, vocabulary);
        int[] prompt = [1, 2, 3];

        var thirds = new Dictionary<(int, int), int[]>();
        for (var seed = 0ul; seed < draws; seed++)
        {
            var text = await fixture.TextAsync(
                new() { Prompt = prompt, TokensMax = 3, Sampling = new() { Seed = seed, Temperature = 2 } });
            if (!thirds.TryGetValue((text[0], text[1]), out var counts))
                thirds.Add((text[0], text[1]), counts = new int[vocabulary]);
            counts[text[2]]++;
        }

        // The second and third token were guessed. Chi-square with 7 degrees of freedom exceeds 24.3 once in a
        // thousand.
        var ((first, second), common) = thirds.MaxBy(pair => pair.Value.Sum());
        var logits = fixture.Model.LogitsAfter([.. prompt, first, second]);
        var weights = logits.Select(logit => Math.Exp(logit / 2)).ToArray();
        var expected = weights.Select(weight => common.Sum() * weight / weights.Sum());
        Assert.True(common.Zip(expected, (count, mean) => (count - mean) * (count - mean) / mean).Sum() < 24.3);
        Assert.InRange(fixture.Engine.Counters.AcceptedTokens, 100, fixture.Engine.Counters.DraftedTokens - 100);
    }

    /// <summary>The draft model has blocks for one of the two.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public void A_sequence_that_waits_leaves_the_draft_models_memory_to_those_that_run(bool isPaused)
    {
        var drafter = new ModelDrafter(ModelOf(64), 64);
        var (first, second) = (Decoding(1), Decoding(2));
        for (var step = 0; step < 20; step++) drafter.Propose([first]);
        Assert.True(first.DraftCount > 0);

        if (isPaused) first.IsPaused = true;
        else first.State = SequenceState.Queued;
        for (var step = 0; step < 20; step++) drafter.Propose([second]);

        Assert.True(second.DraftCount > 0);
    }

    /// <summary>A sequence of 200 tokens that lacks one.</summary>
    private static Sequence Decoding(int id)
    {
        var request = new GenerationRequest { Prompt = Enumerable.Range(0, 199).Select(p => p % 60).ToArray() };
        var sequence = new Sequence(id, request, 0, [], 256) { State = SequenceState.Running };
        sequence.MakeRoom();
        sequence.Append(5);
        sequence.Computed = sequence.Known - 1;
        return sequence;
    }

    [Fact]
    public void A_draft_model_of_another_vocabulary_is_refused() =>
        Assert.Throws<ArgumentException>(() => new ModelDrafter(ModelOf(32), 64));

    private static IDrafter DrafterOf(string kind) => kind switch
    {
        "ngram" => new NgramDrafter(new()),
        "same model" => new ModelDrafter(ModelOf(64), 64),
        "like model" => new ModelDrafter(ModelOf(64, noise: 2), 64),
        _ => new ModelDrafter(ModelOf(64, noise: 50), 64),
    };

    private static RecallModel ModelOf(int vocabulary, float noise = 0, int memory = 0)
    {
        // Short steps and few blocks, so that a prompt takes several and not every sequence finds room.
        var limits = new StepLimits(16, 3, 3, 64);
        return new RecallModel(limits, kvBlocks: 16, vocabulary) { Noise = noise, Memory = memory };
    }
}
