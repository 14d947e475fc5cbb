using System.Text.Json;
using System.Text.RegularExpressions;
using Minka.Engine.Constraints;
using Minka.Engine.Tests.Fakes;

namespace Minka.Engine.Tests.Constraints;

public class ConstrainedGenerationTests
{
    private static readonly int[] Prompt = [5, 9, 2];
    private static readonly EngineOptions Options = new()
    {
        Vocabulary = Vocabularies.Small,
        EosIds = [Vocabularies.Eos],
    };

    private static EngineFixture Start() =>
        new(options: Options, vocabularySize: Vocabularies.Small.Count + 3);

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    public async Task Every_text_is_what_its_constraint_says_and_several_run_at_once(float temperature)
    {
        const string schema = """
            {"type":"object","properties":{"name":{"type":"string","maxLength":5},"age":{"type":"integer","minimum":0,
            "maximum":150},"tags":{"type":"array","items":{"enum":["a","b"]},"maxItems":3}},"required":["name","age"]}
            """;
        await using var fixture = Start();

        var texts = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => fixture.TextAsync(new()
        {
            Prompt = Prompt,
            TokensMax = 400,
            Sampling = new() { Temperature = temperature, Seed = (ulong)i },
            Constraint = (i % 3) switch
            {
                0 => Constraint.JsonSchema(schema),
                1 => Constraint.Regex("[0-9]{4}-(red|green|blue)( the)?"),
                _ => Constraint.Choice(["abc", "abcabc", "true"]),
            },
        })));

        for (var i = 0; i < texts.Length; i++)
        {
            var text = Vocabularies.TextOf(texts[i]);
            if (i % 3 == 0) Assert.InRange(JsonDocument.Parse(text).RootElement.GetProperty("age").GetInt32(), 0, 150);
            else if (i % 3 == 1) Assert.Matches(new Regex("^[0-9]{4}-(red|green|blue)( the)?$"), text);
            else Assert.Contains(text, (string[])["abc", "abcabc", "true"]);
        }
    }

    [Fact]
    public async Task Jumping_ahead_over_forced_tokens_changes_no_token_but_saves_steps()
    {
        // Nothing in the vocabulary joins these letters, so that most tokens are forced.
        var request = new GenerationRequest
        {
            Prompt = Prompt, TokensMax = 100, Sampling = new() { Seed = 3 },
            Constraint = Constraint.Regex("zwischen[xy]qrstuvwqrstuvwqrstuvwqrstuvw(kq|kz)"),
        };
        await using var jumping = Start();
        await using var walking = Start();

        var text = await jumping.TextAsync(request);
        // Log-probabilities need logits for every token, so that nothing is jumped over.
        var same = await walking.TextAsync(request with { WantsLogprobs = true });

        Assert.Equal(same, text);
        Assert.True(jumping.Model.StepTokens.Count < 10, $"{jumping.Model.StepTokens.Count} steps.");
        Assert.True(walking.Model.StepTokens.Count > 35);
    }

    [Fact]
    public async Task A_text_ends_at_once_when_nothing_more_is_allowed()
    {
        await using var fixture = Start();
        var generation = fixture.Submit(
            new() { Prompt = Prompt, Constraint = Constraint.Choice(["zzz"]), IgnoreEos = true, TokensMin = 3 });

        var choice = (await Completion.ReadAsync(generation, TestContext.Current.CancellationToken))[0];

        Assert.Equal("zzz", Vocabularies.TextOf(choice.Ids));
        Assert.Equal(FinishReason.Stop, choice.Finish);
    }

    [Fact]
    public async Task A_text_may_go_on_or_end_where_the_constraint_allows_both()
    {
        await using var fixture = Start();
        var lengths = new HashSet<int>();
        for (var seed = 0ul; seed < 30; seed++)
        {
            var text = await fixture.TextAsync(new()
            {
                Prompt = Prompt, Constraint = Constraint.Regex("z{1,4}"),
                Sampling = new() { Seed = seed, Temperature = 100 },
            });
            lengths.Add(text.Length);
        }

        Assert.Equal([1, 2, 3, 4], lengths.Order());
    }

    [Fact]
    public async Task A_token_that_a_constraint_needs_and_another_rule_forbids_fails_the_request_alone()
    {
        await using var fixture = Start();
        var impossible = fixture.Submit(new()
        {
            Prompt = Prompt, Constraint = Constraint.Choice(["zz"]), Sampling = new() { BadWords = [[1 + 'z']] },
        });
        var other = await fixture.TextAsync(new() { Prompt = Prompt, TokensMax = 5 });

        var choice = (await Completion.ReadAsync(impossible, TestContext.Current.CancellationToken))[0];

        Assert.Equal(FinishReason.Failed, choice.Finish);
        Assert.Equal(5, other.Length);
    }

    /// <summary>The only token that may follow would end the text before its least length.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public async Task A_forced_token_obeys_the_least_length_as_a_drawn_one_does(bool isDrawn)
    {
        await using var fixture = Start();
        var generation = fixture.Submit(new()
        {
            Prompt = Prompt, Constraint = Constraint.Regex("[xy]qrst"), StopIds = [1 + 'r'], TokensMin = 4,
            WantsLogprobs = isDrawn,
        });

        var choice = (await Completion.ReadAsync(generation, TestContext.Current.CancellationToken))[0];

        Assert.Equal(FinishReason.Failed, choice.Finish);
        Assert.Equal(2, choice.Ids.Count);
    }

    [Fact]
    public async Task A_constraint_that_is_being_compiled_holds_up_no_other_text()
    {
        using var gate = new ManualResetEventSlim();
        var reading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var slow = new TokenVocabulary(Vocabularies.Small.Count, id =>
        {
            reading.TrySetResult();
            gate.Wait(TestContext.Current.CancellationToken);
            return Vocabularies.Small.BytesOf(id).ToArray();
        });
        await using var fixture = new EngineFixture(
            options: Options with { Vocabulary = slow }, vocabularySize: Vocabularies.Small.Count + 3);
        // On a thread of its own: the gate blocks it.
        var constrained = Task.Factory.StartNew(
            () => fixture.TextAsync(new() { Prompt = Prompt, Constraint = Constraint.Choice(["ab"]) }),
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

        await reading.Task;
        var other = await fixture.TextAsync(new() { Prompt = Prompt, TokensMax = 20, IgnoreEos = true });
        var wasCompiling = !constrained.IsCompleted;
        gate.Set();

        Assert.True(wasCompiling);
        Assert.Equal(20, other.Length);
        Assert.Equal("ab", Vocabularies.TextOf(await constrained));
    }

    [Fact]
    public void Without_a_vocabulary_constraints_are_refused()
    {
        var fixture = new EngineFixture(starts: false);

        var refused = Assert.Throws<RequestRefusedException>(
            () => fixture.Submit(new() { Prompt = Prompt, Constraint = Constraint.JsonObject }));

        Assert.Equal(RefusalReason.Unsupported, refused.Reason);
    }

    [Fact]
    public async Task A_lost_step_does_not_confuse_a_constraint()
    {
        var request = new GenerationRequest
        {
            Prompt = Prompt, TokensMax = 60, Sampling = new() { Seed = 8 },
            Constraint = Constraint.JsonSchema("""{"type":"array","items":{"type":"integer"},"minItems":8}"""),
        };
        await using var plain = Start();
        await using var losing = new EngineFixture(
            options: Options, vocabularySize: Vocabularies.Small.Count + 3,
            executor: model => new LosingExecutor(new Execution.LocalExecutor(model)));

        Assert.Equal(await plain.TextAsync(request), await losing.TextAsync(request));
    }
}
