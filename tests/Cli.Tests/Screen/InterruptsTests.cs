using Minka.Cli.Screen;

namespace Minka.Cli.Tests.Screen;

public sealed class InterruptsTests
{
    [Fact]
    public void The_first_Ctrl_C_cancels_what_runs_and_the_second_is_not_heard()
    {
        using var interrupts = new Interrupts();
        using var running = interrupts.Begin(TestContext.Current.CancellationToken);

        Assert.True(interrupts.Raise());
        Assert.True(running.Token.IsCancellationRequested);
        Assert.False(interrupts.Raise());
    }

    [Fact]
    public void Only_the_innermost_thing_is_cancelled()
    {
        using var interrupts = new Interrupts();
        using var program = interrupts.Begin(TestContext.Current.CancellationToken);

        using (var answer = interrupts.Begin(TestContext.Current.CancellationToken))
        {
            interrupts.Raise();
            Assert.True(answer.Token.IsCancellationRequested);
        }

        Assert.False(program.Token.IsCancellationRequested);
        Assert.True(interrupts.Raise());
        Assert.True(program.Token.IsCancellationRequested);
    }

    [Fact]
    public void A_wait_that_cannot_hear_Ctrl_C_does_not_begin_after_it()
    {
        using var interrupts = new Interrupts();
        using var running = interrupts.Begin(TestContext.Current.CancellationToken);
        using (interrupts.Suspend()) Assert.False(interrupts.Raise());
        Assert.True(interrupts.Raise());

        Assert.Throws<OperationCanceledException>(() => interrupts.Suspend());
    }

    [Fact]
    public void Nothing_hears_Ctrl_C_when_nothing_runs()
    {
        using var interrupts = new Interrupts();

        Assert.False(interrupts.Raise());
    }
}
