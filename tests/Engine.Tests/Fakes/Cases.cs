using FsCheck;
using Microsoft.FSharp.Core;

namespace Minka.Engine.Tests.Fakes;

/// <summary>Random cases that are the same in every run, so that a failure can be repeated.</summary>
internal static class Cases
{
    /// <summary>Set it to a number to try other cases.</summary>
    private const string SeedVariable = "MINKA_TEST_SEED";

    /// <summary>FsCheck's settings for so many cases.</summary>
    public static Config Of(int count) => Config.QuickThrowOnFailure.WithMaxTest(count)
        .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(Seed), FSharpOption<int>.None)));

    private static ulong Seed =>
        ulong.TryParse(Environment.GetEnvironmentVariable(SeedVariable), out var seed) ? seed : 20260721;
}
