namespace Minka.Server.Tests;

/// <summary>Several models within a budget of memory.</summary>
public sealed class ModelShelfTests
{
    private readonly List<string> _loads = [];

    [Fact]
    public async Task A_model_is_loaded_when_first_asked_for_and_then_kept()
    {
        await using var shelf = Shelf(bytesMax: 100, ("a", 10), ("b", 10));

        (await OpenAsync(shelf, "b")).Dispose();
        (await OpenAsync(shelf, "b")).Dispose();

        Assert.Equal(["b"], _loads);
        Assert.Equal(["b"], shelf.Loaded.Select(model => model.Name));
    }

    [Fact]
    public async Task The_one_used_least_lately_makes_room()
    {
        await using var shelf = Shelf(bytesMax: 20, ("a", 10), ("b", 10), ("c", 10));
        (await OpenAsync(shelf, "a")).Dispose();
        (await OpenAsync(shelf, "b")).Dispose();
        (await OpenAsync(shelf, "a")).Dispose();

        (await OpenAsync(shelf, "c")).Dispose();

        Assert.Equal(["a", "c"], shelf.Loaded.Select(model => model.Name));
    }

    [Fact]
    public async Task A_model_that_answers_is_not_unloaded()
    {
        await using var shelf = Shelf(bytesMax: 10, ("a", 10), ("b", 10));
        using var busy = await OpenAsync(shelf, "a");

        var refused = await Assert.ThrowsAsync<ApiFault>(() => OpenAsync(shelf, "b"));

        Assert.Equal((503, "loading"), (refused.Status, refused.Code));
        Assert.NotNull(refused.RetryAfter);
        Assert.Equal(["a"], shelf.Loaded.Select(model => model.Name));
    }

    [Fact]
    public async Task Who_found_no_room_holds_nothing()
    {
        await using var shelf = Shelf(bytesMax: 10, ("a", 10), ("b", 10));
        using (await OpenAsync(shelf, "a"))
            await Assert.ThrowsAsync<ApiFault>(() => OpenAsync(shelf, "b"));

        (await OpenAsync(shelf, "b")).Dispose();
        (await OpenAsync(shelf, "a")).Dispose();

        Assert.Equal(["a", "b", "a"], _loads);
        Assert.Equal(["a"], shelf.Loaded.Select(model => model.Name));
    }

    [Fact]
    public async Task Nothing_is_unloaded_for_a_model_that_would_not_fit_all_the_same()
    {
        await using var shelf = Shelf(bytesMax: 20, ("small", 5), ("busy", 10), ("large", 12));
        (await OpenAsync(shelf, "small")).Dispose();
        using var busy = await OpenAsync(shelf, "busy");

        await Assert.ThrowsAsync<ApiFault>(() => OpenAsync(shelf, "large"));

        Assert.Equal(["small", "busy"], shelf.Loaded.Select(model => model.Name));
    }

    [Fact]
    public async Task A_model_larger_than_the_memory_is_loaded_alone()
    {
        await using var shelf = Shelf(bytesMax: 20, ("small", 5), ("huge", 30));
        (await OpenAsync(shelf, "small")).Dispose();

        (await OpenAsync(shelf, "huge")).Dispose();

        Assert.Equal(["huge"], shelf.Loaded.Select(model => model.Name));
    }

    [Fact]
    public async Task Requests_at_the_same_time_share_one_loading()
    {
        await using var shelf = Shelf(bytesMax: 10, ("a", 10));

        var leases = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => OpenAsync(shelf, null)));

        Assert.Single(_loads);
        Assert.Single(leases.Select(lease => lease.Model).Distinct());
    }

    [Fact]
    public async Task A_loading_that_failed_is_tried_again()
    {
        var tries = 0;
        await using var shelf = new ModelShelf([new ModelEntry("a", 1, _ => ++tries == 1
            ? Task.FromException<ServedModel>(new IOException("The disk failed."))
            : Task.FromResult(TinyServer.Load(TinyServer.Usual, "a")))]);

        await Assert.ThrowsAsync<IOException>(() => OpenAsync(shelf, "a"));
        (await OpenAsync(shelf, "a")).Dispose();

        Assert.Equal(2, tries);
    }

    private ModelShelf Shelf(long bytesMax, params (string Name, long Bytes)[] models) => new(
        [.. models.Select(model => new ModelEntry(model.Name, model.Bytes, _ =>
        {
            _loads.Add(model.Name);
            return Task.FromResult(TinyServer.Load(TinyServer.Usual, model.Name));
        }))], bytesMax);

    private static Task<ModelLease> OpenAsync(ModelShelf shelf, string? name) =>
        shelf.OpenAsync(name, TestContext.Current.CancellationToken);
}
