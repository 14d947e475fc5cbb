using System.Diagnostics;
using Minka.Cli.Options;
using Minka.Cluster;
using Minka.Collectives;
using Minka.Engine;
using Minka.Engine.Constraints;
using Minka.Engine.Execution;
using Minka.Engine.Scheduling;
using Minka.Models.Templates;
using Minka.Models.Tokenization;

namespace Minka.Cli.Answers;

/// <summary>From a prompt to text that appears as it is made: template, tokenizer, engine, stop strings.</summary>
internal sealed class Answerer : IAnswerer
{
    private readonly OpenModel _open;
    private readonly Terminal _terminal;
    private readonly CancellationTokenSource _ending = new();
    private LlmEngine _engine;
    private Task _running;

    public Answerer(OpenModel open, Terminal terminal)
    {
        (_open, _terminal) = (open, terminal);
        _engine = MakeEngine();
        _running = _engine.RunAsync(_ending.Token);
    }

    private LlmEngine MakeEngine()
    {
        var limits = _open.Model.Limits;
        return new LlmEngine(
            _open.Executor,
            new EngineOptions
            {
                EosIds = _open.Package.EosIds,
                Vocabulary = VocabularyOf(_open.Package.Tokenizer),
                Drafter = _open.Drafter?.Drafter,
                Scheduling = new SchedulerOptions
                {
                    SequencesMax = limits.Sequences,
                    TokensPerStepMax = limits.Tokens,
                    LogitRowsMax = limits.LogitRows,
                    ContextMax = _open.Positions,
                },
            },
            _terminal.Time);
    }

    /// <inheritdoc/>
    public string ModelName => _open.Name;

    /// <inheritdoc/>
    /// <exception cref="RequestRefusedException">The prompt is longer than the context.</exception>
    /// <exception cref="IOException">The machines that run the model are lost; the next answer asks for them
    /// anew.</exception>
    public async Task<AnswerReport> AnswerAsync(
        Prompt prompt, AnswerOptions options, Action<string> write, CancellationToken cancellation)
    {
        if (_running.IsFaulted)
        {
            _engine = MakeEngine();
            _running = _engine.RunAsync(_ending.Token);
        }
        var stream = _open.Package.Tokenizer.CreateStream(continues: prompt is Prompt.Raw);
        var text = new AnswerText(stream, new StopStrings(options.Stops), write);
        var counters = _engine.Counters;
        var (drafted, accepted) = (counters.DraftedTokens, counters.AcceptedTokens);
        var generation = _engine.Submit(
            new GenerationRequest
            {
                Prompt = Encode(prompt),
                Sampling = options.Sampling,
                TokensMax = options.TokensMax,
                IgnoreEos = options.IgnoreEos,
                Constraint = options.Constraint,
            },
            cancellation);

        var (tokens, finish) = (0, FinishReason.None);
        long first = 0, last = 0;
        try
        {
            await foreach (var token in generation)
            {
                finish = token.Finish;
                if (token.Finish == FinishReason.Failed) await FailAsync(generation);
                if (!token.IsText) continue;
                last = _terminal.Time.GetTimestamp();
                if (tokens++ == 0) first = last;
                if (text.Add(token.Id)) break; // leaving the loop cancels what is still to come
            }
        }
        catch when (generation.Completion.IsFaulted)
        {
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // nobody asks it once it has failed
            throw;
        }
        text.End();
        return Report(options, text, generation, finish, tokens, _terminal.Time.GetElapsedTime(first, last)) with
        {
            DraftedTokens = counters.DraftedTokens - drafted,
            AcceptedTokens = counters.AcceptedTokens - accepted,
        };
    }

    private static async Task FailAsync(Generation generation)
    {
        await generation.Completion;
        throw new RequestRefusedException(
            RefusalReason.Unsupported, "", generation.Failure ?? "The answer failed without saying why.");
    }

    /// <summary>Special tokens say nothing, so that a constraint never allows them.</summary>
    private static TokenVocabulary VocabularyOf(Tokenizer tokenizer) => new(
        tokenizer.VocabularySize,
        id => tokenizer.IsSpecial(id) ? ReadOnlyMemory<byte>.Empty : tokenizer.TokenBytes(id).ToArray());

    public async ValueTask DisposeAsync()
    {
        _engine.Stop();
        // Whoever waited for an answer has it, or knows why not: nobody waits for a cluster that was lost.
        if (_open.Recovering is not null) await _ending.CancelAsync();
        try
        {
            await _running;
        }
        catch (Exception lost) when (lost is PeerLostException or ClusterException or StepLostException)
        {
            // The next run finds the machines as they are.
        }
        _ending.Dispose();
    }

    private AnswerReport Report(
        AnswerOptions options, AnswerText text, Generation generation, FinishReason finish, int tokens, TimeSpan decode)
    {
        using var process = Process.GetCurrentProcess();
        return new AnswerReport
        {
            Model = _open.Name,
            Text = text.Text,
            Finish = text.IsStopped ? "stop" : finish switch
            {
                FinishReason.Stop => "stop",
                FinishReason.Length => "length",
                _ => "interrupted",
            },
            Seed = options.Sampling.Seed,
            PromptTokens = generation.PromptTokens,
            CachedTokens = generation.CachedTokens,
            AnswerTokens = tokens,
            TimeToFirstToken = generation.TimeToFirstToken,
            DecodeTime = decode,
            LoadTime = _open.LoadTime,
            Memory = _open.Model.Memory,
            KvCache = _open.KvCache,
            ProcessBytes = process.WorkingSet64,
        };
    }

    private int[] Encode(Prompt prompt)
    {
        var tokenizer = _open.Package.Tokenizer;
        if (prompt is not Prompt.Messages messages)
            return tokenizer.Encode(((Prompt.Raw)prompt).Text, addSpecial: true, parseSpecial: true);
        var text = _open.Package.ChatTemplate!.Render(new ChatTemplateInput
        {
            Messages = TemplateValue.From(messages.Turns.Select(turn => new ChatMessage(turn.Role, turn.Content))),
            AddGenerationPrompt = true,
            BosToken = tokenizer.BosId is { } bos ? tokenizer.TokenText(bos) : null,
            EosToken = tokenizer.EosIds is [var eos, ..] ? tokenizer.TokenText(eos) : null,
            Time = _terminal.Time,
        });
        // The template writes the tokens that begin and end turns itself.
        return tokenizer.Encode(text, addSpecial: false, parseSpecial: true);
    }
}
