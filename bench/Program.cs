using Minka.Bench.Cluster;
using Minka.Bench.Collectives;
using Minka.Bench.Engine;
using Minka.Bench.Kernels;
using Minka.Bench.Models;
using Minka.Bench.Serve;
using Minka.Bench.Tokenization;

// Each bench is a verb; its own options follow. Numbers mean something only as ratios within one run.
string[] rest = args is [_, .. var tail] ? tail : [];
switch (args is [var verb, ..] ? verb : "")
{
    case "attention":
        return AttentionBench.Run(rest);
    case "batch":
        return BatchBench.Run(rest);
    case "busy":
        return BusyBench.Run(rest);
    case "collectives":
        return CollectivesBench.Run(rest);
    case "dllama":
        return RandomDllamaBench.Run(rest);
    case "engine":
        return await EngineBench.RunAsync(rest);
    case "gguf":
        return RandomGgufBench.Run(rest);
    case "matmul":
        return MatMulBench.Run(rest);
    case "masks":
        return MaskBench.Run();
    case "models":
        return PeerBench.Run(rest);
    case "overhead":
        return await OverheadBench.RunAsync(rest);
    case "ranks":
        return await RanksBench.RunAsync(rest);
    case "roofline":
        return RooflineBench.Run(rest);
    case "sampling":
        return SamplingBench.Run(rest);
    case "scheduler":
        return SchedulerBench.Run();
    case "table":
        return TableBench.Run(rest);
    case "soak":
        return await SoakBench.RunAsync(rest);
    case "team":
        return TeamBench.Run(rest);
    case "token":
        return TokenBench.Run(rest);
    case "pack":
        return PackBench.Run(rest);
    case "tokenize":
        return TokenizeBench.Run(rest);
    default:
        Console.Error.WriteLine(
            """
            usage: dotnet run -c Release --project bench -- BENCH [OPTION...]

              attention [OPTION...]      attention alone, in GB/s, GOP/s and percent of this machine's limits
              batch MODEL [OPTION...]    several sequences that decode together against one
              busy MODEL [OPTION...]     decoding beside a process that takes one of the cores; what idling costs
              collectives [OPTION...]    sums over ranks by message size
              dllama SHAPE FILE          write a distributed-llama model of random weights and its tokenizer
              engine MODEL... [OPTION..]  every row promised of the engine, for each model, as one table
              gguf SHAPE TYPE FILE       write a model of random weights: speed needs no real ones
              matmul [OPTION...]         the packed product alone, in GB/s, GOP/s and percent of this machine's limits
              masks                      constraints over a vocabulary of 128 k tokens
              models MODEL [OPTION...]   the product beside llama.cpp, taking turns: ratios of whole programs
              overhead MODEL [OPTION...] the same requests through HTTP and straight into the engine
              ranks MODEL [OPTION...]    processes of one thread that share a model beside one process, taking turns
              roofline [OPTION...]       every operation against what this machine can do, as a table and a picture
              sampling [OPTION...]       from logits of a large vocabulary to a token
              scheduler                  what a step costs besides the model
              soak URL [OPTION...]       a running server under clients good and bad: what it leaves behind
              table --peer STARTER [..]  every row that is promised, in pieces that can be measured one by one
              team [OPTION...]           a dispatch, a barrier, a wake-up; --busy yes: beside a busy loop
              token [OPTION...]          everything of a step but its products
              pack [OPTION...]           packing weights, in GB/s
              tokenize TOKENIZER [TEXT...]  text into tokens and back, in MB/s
            """);
        return 2;
}
